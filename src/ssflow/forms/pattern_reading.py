"""From the text of a pattern to the parts of an automaton."""

from ssflow.forms.automaton import (
    Anchor,
    Characters,
    Choice,
    Node,
    PatternError,
    Ranges,
    Repeat,
    Sequence,
    complement,
)

_MAX_GROUPS_DEEP = 20
_DIGITS: Ranges = ((0x30, 0x39),)
_WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACE: Ranges = (
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
)
_LINE_ENDS: Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
_CONTROLS = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}


class PatternReader:
    """Reads one pattern, character by character."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def read(self) -> Node:
        """Read the whole text.

        Raises:
            PatternError: with the reason as a sentence.
        """
        node = self._choice()
        if self._at < len(self._text):
            raise PatternError("The pattern has a “)” without a “(”.")
        return node

    def _choice(self) -> Node:
        branches = [self._sequence()]
        while self._take("|"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            parts.append(self._repeated())
        return Sequence(tuple(parts))

    def _repeated(self) -> Node:
        part = self._atom()
        bounds = self._bounds()
        if bounds is None:
            return part
        if isinstance(part, Anchor):
            raise PatternError("The pattern repeats an anchor.")
        # A lazy quantifier finds the same texts: only whether it matches is asked.
        self._take("?")
        if self._bounds() is not None:
            raise PatternError("The pattern repeats a repetition: put it in brackets.")
        return Repeat(part, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        if not self._take("{"):
            return None
        least = self._number()
        most: int | None = least
        if self._take(","):
            most = None if self._peek() == "}" else self._number()
        if not self._take("}") or (most is not None and most < least):
            raise PatternError(
                "The pattern has a malformed “{…}”; write “\\{” for the sign itself."
            )
        return least, most

    def _number(self) -> int:
        start = self._at
        while self._peek() and self._peek() in "0123456789":
            self._at += 1
        digits = self._text[start : self._at]
        if not digits or len(digits) > 4:
            raise PatternError(
                "The pattern has a malformed “{…}”; write “\\{” for the sign itself."
            )
        return int(digits)

    def _atom(self) -> Node:
        sign = self._next()
        if sign == "(":
            return self._group()
        if sign == "[":
            return Characters(self._set())
        if sign in "^$":
            return Anchor(sign)
        if sign == ".":
            return Characters(complement(_LINE_ENDS))
        if sign == "\\":
            return Characters(self._escape())
        if sign in "*+?{":
            raise PatternError(f"The pattern has “{sign}” with nothing before it to repeat.")
        return Characters(((ord(sign), ord(sign)),))

    def _group(self) -> Node:
        if self._take("?") and not self._take(":"):
            raise PatternError("Look-around and named groups are not supported in a pattern.")
        self._depth += 1
        if self._depth > _MAX_GROUPS_DEEP:
            raise PatternError(f"A pattern nests at most {_MAX_GROUPS_DEEP} groups.")
        node = self._choice()
        if not self._take(")"):
            raise PatternError("The pattern has a “(” without a “)”.")
        self._depth -= 1
        return node

    def _set(self) -> Ranges:
        is_negated = self._take("^")
        ranges: list[tuple[int, int]] = []
        while self._peek() != "]":
            ranges.extend(self._set_item())
        self._next()
        return complement(tuple(ranges)) if is_negated else tuple(ranges)

    def _set_item(self) -> Ranges:
        first = self._set_character()
        if self._peek() != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return first
        self._next()
        last = self._set_character()
        is_range = len(first) == len(last) == 1 and first[0][0] == first[0][1] <= last[0][0]
        if not is_range or last[0][0] != last[0][1]:
            raise PatternError("The pattern has a malformed range in “[…]”.")
        return ((first[0][0], last[0][0]),)

    def _set_character(self) -> Ranges:
        sign = self._next()
        return self._escape() if sign == "\\" else ((ord(sign), ord(sign)),)

    def _escape(self) -> Ranges:
        sign = self._next()
        if sign.lower() in "dws":
            ranges = {"d": _DIGITS, "w": _WORD, "s": _SPACE}[sign.lower()]
            return complement(ranges) if sign.isupper() else ranges
        if sign == "u":
            return self._code()
        if sign.isascii() and sign.isalnum() and sign not in _CONTROLS:
            raise PatternError(f"“\\{sign}” is not supported in a pattern.")
        code = _CONTROLS.get(sign, ord(sign))
        return ((code, code),)

    def _code(self) -> Ranges:
        digits = self._text[self._at : self._at + 4]
        if len(digits) != 4 or any(d not in "0123456789abcdefABCDEF" for d in digits):
            raise PatternError("“\\u” in a pattern takes four hexadecimal digits.")
        self._at += 4
        return ((int(digits, 16), int(digits, 16)),)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, sign: str) -> bool:
        is_there = self._peek() == sign
        self._at += is_there
        return is_there

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise PatternError("The pattern ends too early.")
        self._at += 1
        return self._text[self._at - 1]
