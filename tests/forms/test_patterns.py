import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.forms.automaton import PatternError
from ssflow.forms.patterns import parse_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        ("abc", "xxabcxx", True),
        ("^abc$", "xxabcxx", False),
        ("^abc$", "abc", True),
        ("^[A-Z]{3}-[0-9]{4}$", "PRP-2026", True),
        ("^[A-Z]{3}-[0-9]{4}$", "PRP-202", False),
        (r"^\d+(\.\d{1,2})?$", "12.50", True),
        (r"^\d+(\.\d{1,2})?$", "12.505", False),
        (r"^(?:red|green|)$", "", True),
        (r"^(?:red|green)$", "green", True),
        (r"^[^\s,]+$", "a b", False),
        (r"^[^\s,]+$", "a-b", True),
        (r"^[\w.-]+@example\.com$", "a.b-c@example.com", True),
        (r"^a{2,}$", "aaaa", True),
        (r"^a{2,3}$", "aaaa", False),
        (r"^\u00e9$", "é", True),
        (r"^.$", "😀", True),
        (r"^.$", "\n", False),
        (r"[]", "a", False),
        (r"[^]", "\n", True),
        (r"^\D\W\S$", "a!b", True),
        ("", "", True),
        ("$", "abc", True),
        ("^$", "abc", False),
        (r"a+?b", "aab", True),
        (r"^[a-]$", "-", True),
    ],
)
def test_a_pattern_is_found_where_it_matches(pattern: str, text: str, *, is_found: bool) -> None:
    assert parse_pattern(pattern).is_found_in(text) is is_found


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", ")", "[a", "a{2", "a{3,2}", "*a", "a**", "^*", "a{}", "{2}", "\\", r"\u12", "[z-a]"),
        *("(?=a)", "(?<!a)", r"(a)\1", r"\bword\b", r"\p{L}", "(?<name>a)"),
        *("a" * 501, "(a{99}){99}", "(" * 21 + ")" * 21, "a{99999}", r"[a-\d]"),
    ],
)
def test_a_malformed_or_unbounded_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        parse_pattern(pattern)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*(.*)*x", "^(a*)*b"])
def test_a_catastrophic_pattern_runs_in_linear_time(pattern: str) -> None:
    text = "a" * 100_000 + "!"
    started = process_time()

    is_found = parse_pattern(pattern).is_found_in(text)

    assert not is_found
    assert process_time() - started < 5


@given(
    pattern=st.text(alphabet="ab|()*+?[]^$.{}1,-\\d", max_size=12),
    text=st.text("ab1-\n", max_size=8),
)
def test_an_accepted_pattern_agrees_with_the_usual_engine(pattern: str, text: str) -> None:
    try:
        ours = parse_pattern(pattern)
    except PatternError:
        return
    # JavaScript's empty sets, and its “$”, differ from Python's.
    theirs = re.sub(r"(?<!\\)\$", r"\\Z", pattern)
    if "[]" in pattern or "[^]" in pattern or ("[" in pattern and "\\Z" in theirs):
        return
    try:
        expected = re.compile(theirs, re.ASCII)
    except (re.error, FutureWarning):
        return

    assert ours.is_found_in(text) is (expected.search(text) is not None)
