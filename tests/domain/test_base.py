"""Types that behave the same on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite

from ssflow.domain.base import Hundredths, TextSet, UtcDateTime

DIALECTS: list[Dialect] = [sqlite.dialect(), postgresql.dialect()]  # type: ignore[no-untyped-call] # SQLAlchemy's own


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: str(d.name))
def test_moments_are_kept_in_utc(dialect: Dialect) -> None:
    local = datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=2)))

    kept = UtcDateTime().process_bind_param(local, dialect)

    assert kept == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert kept is not None
    assert UtcDateTime().process_result_value(kept.replace(tzinfo=None), dialect) == local
    assert UtcDateTime().process_result_value(kept, dialect) == local
    assert UtcDateTime().process_bind_param(None, dialect) is None
    assert UtcDateTime().process_result_value(None, dialect) is None


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 3, 2), DIALECTS[0])  # noqa: DTZ001 - the fault


WORDS = st.text(st.characters(categories=["L", "N"], include_characters="_-."), min_size=1)


@given(st.frozensets(WORDS))
def test_a_set_of_words_comes_back(words: frozenset[str]) -> None:
    kept = TextSet().process_bind_param(words, DIALECTS[0])

    assert TextSet().process_result_value(kept, DIALECTS[0]) == words


@given(st.frozensets(WORDS, min_size=1), WORDS)
def test_a_word_can_be_found_between_blanks(words: frozenset[str], other: str) -> None:
    kept = TextSet().process_bind_param(words, DIALECTS[0])

    assert kept is not None
    assert (f" {other} " in kept) is (other in words)


AMOUNTS = st.decimals(min_value=-(10**11), max_value=10**11, places=2)


@given(AMOUNTS, st.sampled_from(DIALECTS))
def test_amounts_come_back_to_the_cent(amount: Decimal, dialect: Dialect) -> None:
    kept: Any = Hundredths().process_bind_param(amount, dialect)

    assert Hundredths().process_result_value(kept, dialect) == amount
    assert isinstance(kept, int) is (dialect.name == "sqlite")


@pytest.mark.parametrize(
    ("given_", "kept"), [("0.005", "0.01"), ("0.004", "0.00"), ("-0.005", "-0.01"), ("1e3", "1000")]
)
def test_half_a_cent_is_rounded_away_from_zero(given_: str, kept: str) -> None:
    for dialect in DIALECTS:
        bound = Hundredths().process_bind_param(Decimal(given_), dialect)
        assert Hundredths().process_result_value(bound, dialect) == Decimal(kept)
