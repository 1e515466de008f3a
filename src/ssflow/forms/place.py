"""Where in a form a component stands while it is read."""

import re
from dataclasses import dataclass, replace

from ssflow.forms.component import RowRules
from ssflow.forms.labels import Labels

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True)
class Place:
    """Where in the form a component stands."""

    labels: Labels
    prefix: str = ""
    depth: int = 0
    has_fixed_rows: bool = False
    rows_around: int = 1

    def within(self, key: str, rules: RowRules) -> "Place":
        """Give the place of the columns of a list."""
        return replace(
            self,
            prefix=f"{self.prefix}{key}.",
            depth=self.depth + 1,
            has_fixed_rows=not rules.may_change,
            rows_around=self.rows_around * rules.maximum,
        )


def is_name(text: str) -> bool:
    """Say whether a text can name a form or an answer."""
    return _NAME.fullmatch(text) is not None
