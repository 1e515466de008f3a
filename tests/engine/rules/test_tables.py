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
