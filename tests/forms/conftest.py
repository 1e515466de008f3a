"""What tests of forms share: a day, a context, and what may be chosen in it."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from ssflow.forms.context import Choice, ChoiceKind, ChoiceQuery, FormContext

TODAY = date(2026, 11, 23)
SERVICES = (Choice("s1", "Mail"), Choice("s2", "Payroll"), Choice("s3", "Archive"))
OWNERS = (Choice("u1", "Anna"), Choice("u2", "Bo"))
FILES = (
    Choice("0b6c8a52-5f0e-4c1e-9d7a-1c8f6a3e0001", "plan.pdf"),
    Choice("0b6c8a52-5f0e-4c1e-9d7a-1c8f6a3e0002", "costs.xlsx"),
)


def offer(query: ChoiceQuery) -> Sequence[Choice]:
    """Two kinds of thing: services, of which the third is retired, and owners of services."""
    if query.kind is ChoiceKind.FILE:
        offered: Sequence[Choice] = FILES
    elif query.kind is ChoiceKind.USER:
        offered = OWNERS if query.roles in ((), ("service_owner",)) else ()
    elif query.entity != "Service":
        offered = ()
    else:
        offered = SERVICES[:2] if query.filters.get("state") == "live" else SERVICES
    return [c for c in offered if query.values is None or c.value in query.values]


@pytest.fixture
def context() -> FormContext:
    return FormContext(
        variables={"propose": {"title": "Faster mail", "customer": "c1"}, "limit": 100},
        today=TODAY,
        choices=offer,
        timezone=ZoneInfo("Europe/Amsterdam"),
    )
