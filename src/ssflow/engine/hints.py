"""Ways out for who writes code or cells as another tool reads them."""

import re
from collections.abc import Sequence


class Hints:
    """What to write instead, by what stands there; the first that fits is told."""

    def __init__(self, hints: Sequence[tuple[str, str]]) -> None:
        self._hints = [(re.compile(pattern), hint) for pattern, hint in hints]

    def find(self, text: str) -> str:
        """Give the hint for a text with a blank before it, or nothing."""
        return next((f" {hint}" for pattern, hint in self._hints if pattern.search(text)), "")
