import pytest

from tests.engine.rules.diagrams import (
    chain,
    check,
    decide,
    diagram,
    end,
    extensions,
    line_of,
    problems_of,
    start,
    table,
)

CALLING = diagram(
    start(extensions(form="request")),
    decide("B_a", "route"),
    end(),
    chain("Start_1", "B_a", "E_done"),
)


def test_a_table_in_s_feel_is_fine() -> None:
    checked = check(CALLING, route_dmn=table(("< 5", '"low"'), (">= 5", '"high"')))

    assert checked.problems == ()
    assert [(one.key, one.name, one.file) for one in checked.decisions] == [
        ("route", "Route", "route.dmn")
    ]


def test_a_cell_that_cannot_be_read_is_located() -> None:
    data = table(("< 5", '"low"'), ("[1..", '"high"'))

    [problem] = problems_of(CALLING, route_dmn=data)

    assert (problem.file, problem.code) == ("route.dmn", "decision-cell")
    assert problem.line == line_of(data, "[1..")


def test_an_output_with_a_dot_is_refused() -> None:
    data = table(("-", '"high"'), output="request.level")

    [problem] = problems_of(CALLING, route_dmn=data)

    assert (problem.file, problem.code) == ("route.dmn", "decision-output-name")
    assert problem.element_id == "route_out"
    assert problem.line == line_of(data, "request.level")


def test_two_files_may_not_hold_the_same_decision() -> None:
    data = table(("-", '"high"'))

    [problem] = problems_of(CALLING, a_dmn=data, b_dmn=data)

    assert (problem.file, problem.code, problem.element_id) == (
        "b.dmn",
        "duplicate-decision-id",
        "route",
    )


def test_a_table_of_opaque_cells_takes_everything_in_its_last_row() -> None:
    gap = table(("? < 5", '"low"'), ("? > 5", '"high"'))
    closed = table(("? < 5", '"low"'), ("-", '"high"'))

    [problem] = problems_of(CALLING, route_dmn=gap)

    assert (problem.code, problem.severity) == ("table-without-catch-all", "warning")
    assert (problem.element_id, problem.line) == ("route_table", line_of(gap, "route_table"))
    assert problems_of(CALLING, route_dmn=closed) == ()


def test_a_list_may_stay_empty() -> None:
    data = table(("? < 5", '"low"'), policy="COLLECT")

    assert problems_of(CALLING, route_dmn=data) == ()


def test_a_decision_file_is_read_as_carefully_as_a_diagram() -> None:
    data = b'<!DOCTYPE x SYSTEM "http://example.org/x.dtd">' + table(("-", '"high"'))

    found = problems_of(CALLING, route_dmn=data)

    assert [(one.file, one.code) for one in found if one.file != "main.bpmn"] == [
        ("route.dmn", "doctype-refused")
    ]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("> 2026-01-01", 'write a date as date("2026-05-01")'),
        ("[2026-01-01..2026-06-30]", 'write a date as date("2026-05-01")'),
        ('"a" or "b"', 'write "a","b"'),
        ("\u201ca\u201d", "straight quotes"),
        ("1..5", "[1..5]"),
        ("between 1 and 5", "[1..5]"),
        ('in ("a", "b")', '"a","b"'),
        ('not "a"', 'not("a")'),
        ("=< 5", "<= or >="),
        ("*", "- for anything"),
        ("> 5%", "without signs"),
    ],
)
def test_a_cell_that_is_written_as_elsewhere_is_refused_with_a_way_out(
    cell: str, words: str
) -> None:
    data = table((cell, '"low"'), ("-", '"high"'))

    [problem] = problems_of(CALLING, route_dmn=data)

    assert (problem.code, problem.line) == ("decision-cell", line_of(data, "route_i0"))
    assert words in problem.message


def test_a_date_in_an_output_is_no_sum() -> None:
    [problem] = problems_of(CALLING, route_dmn=table(("-", "2026-05-01")))

    assert (problem.code, problem.element_id) == ("decision-cell", "route_o0")


def test_a_decimal_comma_is_a_warning() -> None:
    [problem] = problems_of(CALLING, route_dmn=table(("> 1.000,50", '"a"'), ("-", '"b"')))

    assert (problem.code, problem.severity) == ("decimal-comma", "warning")
    assert problem.element_id == "route_i0"


@pytest.mark.parametrize(
    "cell",
    [
        "< 5, > 10",
        "1,2,3",
        '"2026-01-01"',
        'date("2026-01-01")',
        '"a or b"',
        '? = "a" or ? = "b"',
        '"> 1,5"',
        "> 2026 - 1",
    ],
)
def test_a_cell_that_says_what_it_means_is_fine(cell: str) -> None:
    assert problems_of(CALLING, route_dmn=table((cell, '"a"'), ("-", '"b"'))) == ()
