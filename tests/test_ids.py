"""Ids are read from anything; what is none is nothing."""

from uuid import UUID

import pytest

from ssflow.ids import read_id

ONE = UUID("0190f0a2-7c54-7b3a-8f4e-2f6a4c1d9e10")


@pytest.mark.parametrize("value", [ONE, str(ONE), str(ONE).upper(), ONE.hex])
def test_an_id_is_read_however_it_is_written(value: object) -> None:
    assert read_id(value) == ONE


@pytest.mark.parametrize("value", [None, "", "service_owner", f"{ONE}x", 5, 1.5, [], {}, True])
def test_what_is_no_id_is_nothing(value: object) -> None:
    assert read_id(value) is None
