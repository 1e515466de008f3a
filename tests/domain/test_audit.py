"""The links of the trail."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from ssflow.domain.audit import GENESIS, chain_hash

BODIES = st.text(st.characters(exclude_categories=["Cs"]))


def test_the_hash_is_that_of_the_documented_bytes() -> None:
    wanted = hashlib.sha256(b"ssflow-ev-1\0" + bytes(32) + '{"é":1}'.encode()).digest()

    assert chain_hash(GENESIS, '{"é":1}') == wanted


@given(BODIES, BODIES)
def test_another_body_or_predecessor_is_another_hash(one: str, other: str) -> None:
    first = chain_hash(GENESIS, one)

    assert (chain_hash(GENESIS, other) == first) is (one == other)
    assert chain_hash(first, one) != first
    assert len(first) == 32
