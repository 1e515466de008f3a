"""Decision tables: reading DMN files, every hit policy, every kind of cell, poisoned inputs."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssflow.engine.decisions import (
    DecisionError,
    DecisionOutcome,
    DecisionTable,
    read_decisions,
)
from ssflow.engine.problems import DiagramError, Problem
from ssflow.engine.xml_reading import read_xml

TODAY = date(2026, 3, 2)
DMN_1_1 = "http://www.omg.org/spec/DMN/20151101/dmn.xsd"
DMN_1_2 = "http://www.omg.org/spec/DMN/20180521/MODEL/"
DMN_1_3 = "https://www.omg.org/spec/DMN/20191111/MODEL/"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.decimals(),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3)
    ),
    max_leaves=6,
)


def dmn(
    inputs: Sequence[str],
    outputs: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    policy: str = "UNIQUE",
    aggregation: str = "",
    order: str = "",
    types: str = "",
    namespace: str = DMN_1_3,
) -> bytes:
    """Write a DMN file as decision editors do, every element with its id."""
    columns = "".join(
        f'<input id="i{n}" label={quoteattr(label.upper())}><inputExpression id="ie{n}" '
        f'typeRef="{types or "string"}"><text>{escape(label)}</text></inputExpression></input>'
        for n, label in enumerate(inputs, start=1)
    )
    values = f"<outputValues><text>{escape(order)}</text></outputValues>" if order else ""
    columns += "".join(
        f'<output id="o{n}" name={quoteattr(name)}>{values}</output>'
        for n, name in enumerate(outputs, start=1)
    )
    rules = "".join(
        f'\n<rule id="r{number}">'
        + "".join(
            f'<{kind} id="r{number}c{place}"><text>{escape(cell)}</text></{kind}>'
            for place, cell in enumerate(row, start=1)
            for kind in ["inputEntry" if place <= len(inputs) else "outputEntry"]
        )
        + "</rule>"
        for number, row in enumerate(rows, start=1)
    )
    extra = f' aggregation="{aggregation}"' if aggregation else ""
    return (
        f'<definitions xmlns="{namespace}" id="d" name="D" namespace="http://x">'
        f'<decision id="route" name="Route"><decisionTable id="t" hitPolicy="{policy}"{extra}>'
        f"{columns}{rules}</decisionTable></decision></definitions>"
    ).encode()


def read(data: bytes) -> DecisionTable:
    [table] = read_decisions(read_xml(data, "route.dmn"), "route.dmn")
    return table


def problems_of(data: bytes) -> list[Problem]:
    with pytest.raises(DiagramError) as caught:
        read_decisions(read_xml(data, "route.dmn"), "route.dmn")
    return list(caught.value.problems)


def decide(table: DecisionTable, **variables: Any) -> DecisionOutcome:
    return table.evaluate(variables, today=TODAY)


def one_input(*rows: tuple[str, str], **settings: Any) -> DecisionTable:
    return read(dmn(["x"], ["y"], rows, **settings))


# --- hit policies --------------------------------------------------------------------------------


def test_unique_gives_the_one_row_that_matches() -> None:
    table = one_input(("< 5", '"low"'), (">= 5", '"high"'))

    outcome = decide(table, x=7)

    assert outcome == DecisionOutcome({"y": "high"}, (2,), {"x": 7})


def test_unique_refuses_rows_that_overlap_and_names_them() -> None:
    table = one_input(("< 5", "1"), ("> 100", "2"), ("< 3", "3"), ("-", "4"))

    with pytest.raises(DecisionError) as caught:
        decide(table, x=2)

    assert caught.value.rows == (1, 3, 4)
    assert caught.value.inputs == {"x": 2}
    assert "rows 1, 3 and 4 all match" in caught.value.message


def test_first_takes_the_first_row_and_does_not_look_at_the_rest() -> None:
    table = one_input((">= 0", '"a"'), ("-", '"b"'), ("< 5", '"c"'), policy="FIRST")

    assert decide(table, x=2) == DecisionOutcome({"y": "a"}, (1,), {"x": 2})
    assert decide(table, x=-2) == DecisionOutcome({"y": "b"}, (2,), {"x": -2})


def test_priority_takes_the_most_important_output_whatever_the_order_of_rows() -> None:
    table = one_input(
        ("-", '"low"'),
        ("> 5", '"high"'),
        ("> 3", '"medium"'),
        policy="PRIORITY",
        order='"high","medium","low"',
    )

    assert decide(table, x=9) == DecisionOutcome({"y": "high"}, (2, 3, 1), {"x": 9})
    assert decide(table, x=4).values == {"y": "medium"}
    assert decide(table, x=1).values == {"y": "low"}


def test_priority_compares_the_output_columns_from_the_left() -> None:
    table = read(
        dmn(
            ["x"],
            ["level", "speed"],
            [("-", "2", "1"), ("-", "1", "2"), ("-", "1", "1")],
            policy="PRIORITY",
            order="1, 2",
        )
    )

    assert decide(table, x=0).rows == (3, 2, 1)


def test_an_output_column_without_an_order_does_not_count_for_priority() -> None:
    data = dmn(
        ["x"], ["y", "z"], [("-", "2", "1"), ("-", "1", "9")], policy="PRIORITY", order="1, 2"
    )
    second_order = (
        b'<output id="o2" name="z"><outputValues><text>1, 2</text></outputValues></output>'
    )

    table = read(data.replace(second_order, b'<output id="o2" name="z"/>'))

    assert decide(table, x=0) == DecisionOutcome({"y": 1, "z": 9}, (2, 1), {"x": 0})


def test_priority_refuses_a_computed_output_outside_its_order() -> None:
    table = one_input(("-", "x"), policy="PRIORITY", order='"a", "b"')

    with pytest.raises(DecisionError, match=r"row 1 gives .y. a value that is not among") as caught:
        decide(table, x="c")

    assert caught.value.rows == (1,)
    assert decide(table, x="b").values == {"y": "b"}


def test_any_takes_rows_that_agree() -> None:
    table = one_input(("< 5", "1"), ("< 10", "1.0"), (">= 10", "2"), policy="ANY")

    assert decide(table, x=2) == DecisionOutcome({"y": 1}, (1, 2), {"x": 2})


def test_any_refuses_rows_that_disagree() -> None:
    table = one_input(("< 5", "1"), ("< 10", "2"), policy="ANY")

    with pytest.raises(DecisionError) as caught:
        decide(table, x=2)

    assert caught.value.rows == (1, 2)


def test_rule_order_lists_the_outputs_as_the_rows_stand() -> None:
    table = one_input(("-", "3"), ("> 5", "1"), ("< 5", "2"), policy="RULE ORDER")

    assert decide(table, x=2) == DecisionOutcome({"y": [3, 2]}, (1, 3), {"x": 2})


def test_output_order_lists_the_outputs_by_importance() -> None:
    table = one_input(
        ("-", '"c"'), ("-", '"a"'), ("> 5", '"b"'), policy="OUTPUT ORDER", order='"a","b","c"'
    )

    assert decide(table, x=2) == DecisionOutcome({"y": ["a", "c"]}, (2, 1), {"x": 2})


def test_collect_lists_every_output_that_hits() -> None:
    table = read(dmn(["x"], ["y", "z"], [("-", "1", '"a"'), ("> 1", "2", '"b"')], policy="COLLECT"))

    assert decide(table, x=2).values == {"y": [1, 2], "z": ["a", "b"]}
    assert decide(table, x=0) == DecisionOutcome({"y": [1], "z": ["a"]}, (1,), {"x": 0})


@pytest.mark.parametrize(
    ("aggregation", "some", "none"),
    [
        ("SUM", 3.3, 0),
        ("MIN", 0.1, None),
        ("MAX", 3, None),
        ("COUNT", 3, 0),
        ("", [3, 0.1, 0.2], []),
    ],
)
def test_collect_aggregates_and_no_hit_is_an_outcome(
    aggregation: str, some: Any, none: Any
) -> None:
    table = one_input(
        ("> 0", "3"), ("> 1", "0.1"), ("> 2", "0.2"), policy="COLLECT", aggregation=aggregation
    )

    assert decide(table, x=5).values == {"y": some}
    assert decide(table, x=0) == DecisionOutcome({"y": none}, (), {"x": 0})


@pytest.mark.parametrize("aggregation", ["SUM", "MIN", "MAX"])
def test_collect_refuses_to_aggregate_values_of_different_kinds(aggregation: str) -> None:
    table = one_input(("-", "3"), ("-", '"a"'), policy="COLLECT", aggregation=aggregation)

    with pytest.raises(DecisionError, match=aggregation):
        decide(table, x=5)


def test_min_and_max_order_dates_too() -> None:
    rows = [("-", 'date("2026-05-01")'), ("-", 'date("2026-04-01")')]
    earliest = one_input(*rows, policy="COLLECT", aggregation="MIN")
    latest = one_input(*rows, policy="COLLECT", aggregation="MAX")

    assert decide(earliest, x=0).values == {"y": "2026-04-01"}
    assert decide(latest, x=0).values == {"y": "2026-05-01"}


@pytest.mark.parametrize(
    "policy", ["UNIQUE", "FIRST", "PRIORITY", "ANY", "RULE ORDER", "OUTPUT ORDER"]
)
def test_no_match_is_an_error_that_shows_the_inputs(policy: str) -> None:
    table = one_input(("< 5", "1"), policy=policy, order="1")

    with pytest.raises(DecisionError) as caught:
        decide(table, x=7)

    assert caught.value.message == 'Decision "Route": no row matches x = 7.'
    assert caught.value.inputs == {"x": 7}
    assert caught.value.rows == ()


def test_default_outputs_stand_in_when_no_row_matches() -> None:
    data = dmn(["x"], ["y"], [("< 5", "1")]).replace(
        b'<output id="o1" name="y">',
        b'<output id="o1" name="y"><defaultOutputEntry><text>x + 1</text></defaultOutputEntry>',
    )

    assert decide(read(data), x=7) == DecisionOutcome({"y": 8}, (), {"x": 7})


# --- cells ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value", "hits"),
    [
        ("", 1, True),
        ("-", None, True),
        ("5", 5.0, True),
        ("-5", -5, True),
        ("0.3", 0.3, True),
        ('"a"', "a", True),
        ('"a"', "b", False),
        ('"a","b"', "b", True),
        ("1, 5", 5, True),
        ("not(5)", 5, False),
        ('not("a", "b")', "c", True),
        ("< 5", 4, True),
        ("<= 5", 5, True),
        ("> 5", 5, False),
        (">= 5", 5, True),
        ("< limit", 9, True),
        ("< limit * 2", 19, True),
        ("[1..10]", 10, True),
        ("[1..10)", 10, False),
        ("(1..10]", 1, False),
        ("]1..10[", 10, False),
        ("]1..10[", 9.99, True),
        ("[1..2],[8..9]", 8, True),
        ("true", True, True),
        ("true", 1, False),
        ("false", False, True),
        ("null", None, True),
        ("null", 0, False),
        ("not(null)", 0, True),
        ('date("2026-05-01")', "2026-05-01", True),
        ('< date("2026-05-01")', "2026-04-30", True),
        ('[date("2026-01-01")..date("2026-12-31")]', "2026-06-30T12:00:00Z", True),
        ('< @"2026-05-01"', "2026-05-01", False),
        ("< today()", "2026-03-01", True),
        ('? in ("a","b")', "b", True),
        ('? in ["a","b"]', "c", False),
        ("2 < ? <= 5", 5, True),
        ("2 < ? <= 5", 2, False),
        ("? != 5", 5, False),
        ("? == 5", 5, True),
        ("? > 2 and ? < 4", 3, True),
        ('?.startswith("60")', "6010", True),
        ('starts with(?, "60")', "6110", False),
        ("True", True, True),
        ("'a'", "a", True),
        ("allowed", "gold", True),
        ("allowed", "tin", False),
        ("allowed", ["gold", "silver"], True),
        ('list contains(?, "a")', ["a", "b"], True),
    ],
)
def test_a_cell_tests_its_input(cell: str, value: Any, *, hits: bool) -> None:
    table = one_input((cell, "1"), policy="COLLECT", aggregation="COUNT")

    outcome = decide(table, x=value, limit=10, allowed=["gold", "silver"])

    assert outcome.values == {"y": int(hits)}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("< 5", "x"),
        ("< 5", True),
        ("[1..10]", "x"),
        ("not(< 5)", "x"),
        (">= 5", ["a"]),
        (">= 5", {"a": 1}),
        ('< "b"', 5),
        ('< date("2026-05-01")', "soon"),
        ("? < 5", "x"),
        ("2 < ? <= 5", "x"),
        ('"a", < 5', "x"),
    ],
)
def test_a_value_that_a_cell_cannot_be_compared_with_is_an_error(cell: str, value: Any) -> None:
    table = one_input((cell, "1"), ("-", "2"), policy="FIRST")

    with pytest.raises(DecisionError, match=r'row 1, column "X", .* compares ') as caught:
        decide(table, x=value)

    assert caught.value.rows == (1,)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("< 5", None),
        ("< 5", float("nan")),
        ("[1..10]", None),
        ("5", "5"),
        ('"a"', 5),
        ("true", "true"),
        ("< missing", 5),
        ('"x", < 5', None),
        ('starts with(?, "60")', 6010),
        ("? + 1 > 3", "x"),
    ],
)
def test_a_missing_or_other_value_just_does_not_match(cell: str, value: Any) -> None:
    table = one_input((cell, "1"), ("-", "2"), policy="FIRST")

    assert decide(table, x=value).values == {"y": 2}


def test_an_earlier_test_that_does_not_fit_may_be_made_up_for_by_another() -> None:
    table = one_input(('< 5, "none"', "1"), ("-", "2"), policy="FIRST")

    assert decide(table, x="none").values == {"y": 1}
    assert decide(table, x=None).values == {"y": 2}


def test_cells_right_of_a_test_that_fails_are_not_asked() -> None:
    table = read(dmn(["kind", "x"], ["y"], [('"a"', "< 5", "1"), ("-", "-", "2")], policy="FIRST"))

    assert decide(table, kind="b", x="text").values == {"y": 2}


# --- inputs and outputs --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("request.customer.tier", "gold"),
        ('request["customer"]["tier"]', "gold"),
        ("sum(request.lines.amount)", 12.6),
        ("request.missing.tier", None),
        ("if request.urgent then 1 else 2", 1),
        ("-request.lines[1].amount", -4.2),
    ],
)
def test_an_input_is_an_expression(expression: str, value: Any) -> None:
    table = read(dmn([expression], ["y"], [("-", "1")]))
    request = {
        "customer": {"tier": "gold"},
        "lines": [{"amount": 4.2}, {"amount": 8.4}],
        "urgent": True,
    }

    assert decide(table, request=request).inputs == {expression: value}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('"a"', "a"),
        ("5", 5),
        ("-0.5", -0.5),
        ("True", True),
        ("false", False),
        ("null", None),
        ("", None),
        ('["brm","it_director"]', ["brm", "it_director"]),
        ("[]", []),
        ("x * 1.21", 2.42),
        ('today() + duration("P14D")', "2026-03-16"),
        ('date("2026-05-01")', "2026-05-01"),
        ("missing", None),
    ],
)
def test_an_output_is_json(cell: str, value: Any) -> None:
    table = one_input(("-", cell))

    outcome = decide(table, x=2)

    assert outcome.values == {"y": value}
    assert json.loads(json.dumps(outcome.values)) == outcome.values


def test_an_input_of_type_number_takes_a_number_written_as_text() -> None:
    rows = [("< 5", "1"), ("-", "2")]
    number = one_input(*rows, policy="FIRST", types="number")
    text = one_input(*rows, policy="FIRST", types="string")

    assert decide(number, x="4.50").values == {"y": 1}
    with pytest.raises(DecisionError):
        decide(number, x="four")
    with pytest.raises(DecisionError):
        decide(text, x="4.50")


def test_a_table_tells_the_variables_that_it_speaks_of() -> None:
    table = read(
        dmn(["request.kind", "rows[gap = x]"], ["y"], [("< limit", "? in allowed", "factor * 2")])
    )

    assert table.names == {"request", "rows", "limit", "allowed", "factor"}


def test_tables_stay_right_when_threads_share_them() -> None:
    table = one_input(("< 5000", "x"), ('"a"', "0"), (">= 5000", "x * 2"), policy="FIRST")

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda x: decide(table, x=x).values["y"], range(4000, 6000)))

    assert outcomes == [*range(4000, 5000), *range(10000, 12000, 2)]


@given(x=JSON, z=JSON)
def test_no_input_does_more_than_refuse_a_decision(x: Any, z: Any) -> None:
    table = read(
        dmn(
            ["x", "x.a + 1", "z"],
            ["y"],
            [
                ("< 5", "-", "-", "x"),
                ("[1..10]", '"a"', "-", "x * 2"),
                ('not("a")', "-", "? in (1,2)", "[x, z]"),
                ("-", "-", 'date("2026-05-01")', "z[1]"),
            ],
            policy="COLLECT",
        )
    )

    try:
        outcome = decide(table, x=x, z=z)
    except DecisionError as error:
        message = error.message
    else:
        message = json.dumps([outcome.values, outcome.inputs], default=str)

    assert message


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("namespace", [DMN_1_1, DMN_1_2, DMN_1_3])
def test_three_versions_of_dmn_are_read(namespace: str) -> None:
    table = read(dmn(["x"], ["y"], [("-", "1")], namespace=namespace))

    assert (table.key, table.name) == ("route", "Route")


def test_a_file_may_hold_several_decisions_and_what_editors_add() -> None:
    data = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"
    xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"
    xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/"
    xmlns:biodi="http://bpmn.io/schema/dmn/biodi/2.0" id="defs" name="DRD"
    namespace="http://camunda.org/schema/1.0/dmn" exporter="dmn-js" exporterVersion="17.10.2">
  <inputData id="in1" name="Amount"><variable id="v1" name="amount" /></inputData>
  <decision id="a" name="A">
    <variable id="v2" name="a" />
    <informationRequirement id="ir1"><requiredInput href="#in1" /></informationRequirement>
    <authorityRequirement id="ar1"><requiredAuthority href="#ks1" /></authorityRequirement>
    <decisionTable id="ta">
      <input id="ia" biodi:width="192">
        <inputExpression id="iea" typeRef="number"><text>amount</text></inputExpression>
        <inputValues id="iva"><text>1,2</text></inputValues>
      </input>
      <output id="oa" name="y" label="Y!" typeRef="string" biodi:width="192" />
      <annotation name="why" />
      <rule id="ra">
        <description>all of them</description>
        <inputEntry id="ca"><text></text></inputEntry>
        <outputEntry id="da"><text>"all"</text></outputEntry>
        <annotationEntry><text>because</text></annotationEntry>
      </rule>
    </decisionTable>
  </decision>
  <decision id="b" name="B">
    <decisionTable id="tb" hitPolicy="COLLECT" preferredOrientation="Rule-as-Row">
      <output id="ob" label="z" />
      <rule id="rb"><outputEntry id="db"><text>1</text></outputEntry></rule>
    </decisionTable>
  </decision>
  <knowledgeSource id="ks1" name="Law" />
  <dmndi:DMNDI><dmndi:DMNDiagram><dmndi:DMNShape dmnElementRef="a">
    <dc:Bounds height="80" width="180" x="160" y="100" />
  </dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI>
</definitions>"""

    first, second = read_decisions(read_xml(data, "two.dmn"), "two.dmn")

    assert decide(first, amount=3).values == {"y": "all"}
    assert decide(second).values == {"z": [1]}


def test_a_cell_that_cannot_be_read_is_located() -> None:
    data = dmn(["x", "z"], ["y"], [("-", "-", "1"), ("-", "< ", "1")])

    [problem] = problems_of(data)

    assert problem.file == "route.dmn"
    assert problem.element_id == "r2c2"
    assert problem.line == 3
    assert problem.code == "decision-cell"
    assert problem.message == (
        'Row 2, input "Z": "<" cannot be read. At character 2, a value is missing before the end.'
    )


def test_all_faults_of_a_file_are_reported_at_once() -> None:
    data = dmn(["x +"], ["y", "a.b", "y"], [("[1..", "(", "1", "2"), ("1",)])

    problems = problems_of(data)

    assert [(problem.element_id, problem.code) for problem in problems] == [
        ("ie1", "decision-cell"),
        ("o2", "decision-output-name"),
        ("o3", "decision-output-name"),
        ("r1c1", "decision-cell"),
        ("r1c2", "decision-cell"),
        ("r2", "decision-rows"),
    ]


@pytest.mark.parametrize(
    "cell", ["in (1,2)", "5 6", "..", "[1..10", "foo(1)", "lambda: 1", "?.upper()"]
)
def test_a_cell_that_is_no_test_is_refused(cell: str) -> None:
    [problem] = problems_of(dmn(["x"], ["y"], [(cell, "1")]))

    assert (problem.code, problem.element_id) == ("decision-cell", "r1c1")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (DMN_1_3, "https://www.omg.org/spec/DMN/20230324/MODEL/", "dmn-version"),
        (DMN_1_3, "http://www.omg.org/spec/BPMN/20100524/MODEL", "dmn-version"),
        ('hitPolicy="UNIQUE"', 'hitPolicy="SOMETIMES"', "decision-hit-policy"),
        ('hitPolicy="UNIQUE"', 'hitPolicy="COLLECT" aggregation="AVG"', "decision-hit-policy"),
        ('hitPolicy="UNIQUE"', 'hitPolicy="PRIORITY"', "decision-output-order"),
        ('hitPolicy="UNIQUE"', 'hitPolicy="OUTPUT ORDER"', "decision-output-order"),
        ('name="y"', 'name="y.z"', "decision-output-name"),
        ('name="y"', 'name="y z"', "decision-output-name"),
        ('name="y"', "", "decision-output-name"),
        ("<text>x</text>", "<text> </text>", "decision-expression"),
        (
            '<inputExpression id="ie1"',
            '<inputExpression expressionLanguage="juel" id="ie1"',
            "decision-language",
        ),
        ('<decision id="route"', "<decision", "decision-id"),
    ],
)
def test_what_cannot_be_evaluated_rightly_is_refused(old: str, new: str, code: str) -> None:
    data = dmn(["x"], ["y"], [("-", "1")]).decode().replace(old, new)

    [problem] = problems_of(data.encode())

    assert problem.code == code
    assert problem.line is not None


def test_a_decision_that_needs_another_one_says_how_to_go_on() -> None:
    requirement = (
        '<informationRequirement><requiredDecision href="#risk"/></informationRequirement>'
    )
    data = dmn(["x"], ["y"], [("-", "1")]).decode()

    [problem] = problems_of(data.replace("<decisionTable", f"{requirement}<decisionTable").encode())

    assert (problem.code, problem.element_id) == ("decision-chain", "route")
    assert 'Call "risk" in a business rule task before' in problem.message


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "decision-missing"),
        (
            '<decision id="a"><literalExpression><text>1</text></literalExpression></decision>',
            "decision-not-a-table",
        ),
        ('<decision id="a"/>', "decision-not-a-table"),
    ],
)
def test_a_file_needs_decision_tables(body: str, code: str) -> None:
    data = f'<definitions xmlns="{DMN_1_3}" id="d">{body}</definitions>'.encode()

    assert [problem.code for problem in problems_of(data)] == [code]


def test_two_decisions_may_not_share_an_id() -> None:
    data = dmn(["x"], ["y"], [("-", "1")]).decode()
    decision = data[data.index("<decision ") : data.index("</definitions>")]

    problems = problems_of(data.replace(decision, decision * 2).encode())

    assert [problem.code for problem in problems] == ["decision-id"]


def test_an_output_outside_the_order_is_refused_before_it_can_happen() -> None:
    data = dmn(["x"], ["y"], [("-", '"c"'), ("-", "x")], policy="PRIORITY", order='"a","b"')

    [problem] = problems_of(data)

    assert (problem.code, problem.element_id) == ("decision-output-order", "r1c2")


def test_a_table_without_rows_or_outputs_is_refused() -> None:
    assert [p.code for p in problems_of(dmn(["x"], ["y"], []))] == ["decision-rows"]
    assert [p.code for p in problems_of(dmn(["x"], [], [("-",)]))] == ["decision-output-name"]


# --- two shipped tables --------------------------------------------------------------------------

APPROVAL_ROUTE = dmn(
    ["calc.tco3", "propose.change_type", "risk.risk_level", "calc.score"],
    ["level", "quorum", "customer_decision", "wd"],
    [
        ("-", "-", "-", "< 2.0", '"rework"', "0", "false", "5"),
        ("-", "-", '"high"', "-", '"itsg"', "3", "true", "15"),
        (">= 250000", "-", "-", "-", '"itsg"', "3", "true", "15"),
        ("< 25000", '"minor"', "-", "-", '"portfolio_manager"', "1", "false", "5"),
        ("-", '"minor"', "-", "-", '"it_director"', "1", "false", "10"),
        ("-", '"new","major"', "-", "-", '"it_director"', "1", "true", "10"),
        ("-", "-", "-", "-", '"itsg"', "3", "true", "15"),
    ],
    policy="FIRST",
)
STAGE_GATE = dmn(
    ["stage.recommend_stop", "stage_name", "overrun_pct", "(finish - milestone).days"],
    ["gate", "notify"],
    [
        ("true", "-", "-", "-", '"stop"', '"itsg_chair"'),
        ("-", '"design"', "> 10", "-", '"reapprove"', '"portfolio_manager"'),
        ("-", "-", "> 25", "-", '"reapprove"', '"portfolio_manager"'),
        ("-", "-", "-", "> 60", '"reapprove"', '"portfolio_manager"'),
        ("-", "-", "> 10", "-", '"proceed_watch"', '"portfolio_manager"'),
        ("-", "-", "-", "> 20", '"proceed_watch"', '"portfolio_manager"'),
        ("-", "-", "-", "-", '"proceed"', '""'),
    ],
    policy="FIRST",
)


@pytest.mark.parametrize(
    ("tco", "change", "risk", "score", "level", "row"),
    [
        (300_000, "major", "low", 1.9, "rework", 1),
        (1_000, "minor", "high", 4.0, "itsg", 2),
        (250_000, "minor", "low", 4.0, "itsg", 3),
        (24_999.99, "minor", "low", 2.0, "portfolio_manager", 4),
        (25_000, "minor", "medium", 3.1, "it_director", 5),
        (249_999, "new", "medium", 3.1, "it_director", 6),
        (24_999, "major", "low", 3.1, "it_director", 6),
        (24_999, "unheard of", "low", 3.1, "itsg", 7),
        (None, None, None, None, "itsg", 7),
    ],
)
def test_a_proposal_goes_to_whom_its_size_and_risk_ask_for(
    tco: float, change: str, risk: str, score: float, level: str, row: int
) -> None:
    table = read(APPROVAL_ROUTE)

    outcome = decide(
        table,
        calc={"tco3": tco, "score": score},
        propose={"change_type": change},
        risk={"risk_level": risk},
    )

    assert outcome.values["level"] == level
    assert outcome.rows == (row,)


@pytest.mark.parametrize(
    ("stop", "stage", "overrun", "finish", "gate"),
    [
        (True, "design", 50, "2026-06-01", "stop"),
        (False, "design", 10.5, "2026-06-01", "reapprove"),
        (False, "test", 10.5, "2026-06-01", "proceed_watch"),
        (False, "test", 25.5, "2026-06-01", "reapprove"),
        (False, "test", 0, "2026-08-01", "reapprove"),
        (False, "test", 0, "2026-07-01", "proceed_watch"),
        (False, "test", -5, "2026-06-21", "proceed"),
        (None, None, None, None, "proceed"),
    ],
)
def test_a_stage_passes_its_gate_by_cost_and_date(
    *, stop: bool | None, stage: str, overrun: float, finish: str, gate: str
) -> None:
    table = read(STAGE_GATE)

    outcome = decide(
        table,
        stage={"recommend_stop": stop},
        stage_name=stage,
        overrun_pct=overrun,
        finish=finish,
        milestone="2026-06-01",
    )

    assert outcome.values["gate"] == gate
