from datetime import date

import pytest

from ssflow.domain.record_query import Comparison, Condition, RecordQuery, read_record_query
from ssflow.errors import InvalidInputError

TODAY = date(2026, 12, 31)


def test_a_register_alone_is_all_of_its_records() -> None:
    assert read_record_query(" Customer ", TODAY) == RecordQuery("Customer")
    assert read_record_query("Customer[ ]", TODAY) == RecordQuery("Customer")


def test_conditions_stand_in_brackets() -> None:
    query = read_record_query("Service[state=live|retiring, owner != , version>=2]", TODAY)

    assert query.conditions == (
        Condition("state", Comparison.IS, ("live", "retiring")),
        Condition("owner", Comparison.IS_NOT, ("",)),
        Condition("version", Comparison.MORE_OR_SAME, ("2",)),
    )


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *(("today", "2026-12-31"), ("today+60", "2027-03-01"), ("today - 31", "2026-11-30")),
        ("today's", "today's"),
    ],
)
def test_today_is_a_day_that_can_be_counted_from(text: str, day: str) -> None:
    [condition] = read_record_query(f"Sla[ends_on<={text}]", TODAY).conditions

    assert condition.values == (day,)


@pytest.mark.parametrize(
    "text",
    [
        *("", "Service[", "Service]", "Service[state]", "Service[state==live]", "Service[=live]"),
        *("Service[a=1][b=2]", "Service where state = live", "Service[a<1|2]", "Service[a<]"),
        *(f"Service[{','.join(['a=1'] * 11)}]", "Dienst;DROP"),
        *("Sla[ends_on=1, ]", "Sla[ends_on<=today-99999|today]"),
    ],
)
def test_what_is_no_query_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_record_query(text, TODAY)


def test_a_day_past_the_calendar_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="past the calendar"):
        read_record_query("Sla[ends_on=today+99999]", date(9999, 1, 1))
