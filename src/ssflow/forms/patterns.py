"""Patterns for text fields that run in linear time, whatever pattern and text they meet."""

from ssflow.forms.automaton import Machine, Node, PatternError
from ssflow.forms.pattern_reading import PatternReader

MAX_PATTERN_LENGTH = 500
_MAX_REMEMBERED_STEPS = 4_096


class Pattern:
    """A regular expression that is looked for anywhere in a text."""

    def __init__(self, text: str, node: Node) -> None:
        self.text = text
        self._machine = Machine()
        self._start = node.build(self._machine, self._machine.ACCEPT)
        self._begin = self._machine.close([self._start], is_at_start=True)
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def is_found_in(self, text: str) -> bool:
        """Say whether some part of the text matches."""
        states = self._begin
        for character in text:
            if Machine.ACCEPT in states:
                return True
            states = self._step(states, character)
        return Machine.ACCEPT in self._machine.close(states, is_at_start=not text, is_at_end=True)

    def _step(self, states: frozenset[int], character: str) -> frozenset[int]:
        known = self._steps.get((states, character))
        if known is not None:
            return known
        if len(self._steps) >= _MAX_REMEMBERED_STEPS:
            self._steps.clear()
        reached = self._machine.close([*self._machine.move(states, ord(character)), self._start])
        self._steps[(states, character)] = reached
        return reached


def parse_pattern(text: str) -> Pattern:
    """Read a regular expression of the kind that a finite automaton can run.

    Raises:
        PatternError: with the reason as a sentence.
    """
    if len(text) > MAX_PATTERN_LENGTH:
        raise PatternError(f"A pattern has at most {MAX_PATTERN_LENGTH} characters.")
    return Pattern(text, PatternReader(text).read())
