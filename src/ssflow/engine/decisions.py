"""Read the decision tables of DMN files as decision editors write them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from lxml import etree
from lxml.etree import _Element as Element

from ssflow.engine.decision_table import DecisionOutcome, DecisionTable, Input, Row
from ssflow.engine.hints import Hints
from ssflow.engine.hit_policies import Aggregation, DecisionError, HitPolicy, Output
from ssflow.engine.problems import DiagramError, Problem
from ssflow.engine.xml_reading import find_element_id, get_line, get_local_name
from ssflow.feel.errors import FeelError
from ssflow.feel.expression import Expression, parse_expression
from ssflow.feel.unary_tests import UnaryTests, parse_unary_tests

__all__ = ["DecisionError", "DecisionOutcome", "DecisionTable", "read_decisions"]

DMN_NAMESPACES = frozenset(
    {
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",  # 1.1
        "http://www.omg.org/spec/DMN/20180521/MODEL/",  # 1.2
        "https://www.omg.org/spec/DMN/20191111/MODEL/",  # 1.3
    }
)

_VARIABLE = re.compile(r"[^\W\d]\w*")
_NUMBER_TYPES = frozenset({"number", "integer", "long", "double", "decimal"})
_SHOWN_CHARACTERS = 60
_FOREIGN = Hints(
    (
        (r"[\u2018-\u201f\u00ab\u00bb]", 'Write straight quotes: "yes".'),
        (r"^\s*\*\s*$", "Write - for anything."),
        (r"^\s*between\b|^[^\[\](]*\.\.", "Write [1..5] for a range."),
        (r"^\s*in\b", 'Write the values with commas: "a","b".'),
        (r"^\s*not\b(?!\s*\()", 'Write not("a").'),
        (r"=<|=>", "Write <= or >=."),
        (r"[%€$£]", "Write numbers without signs, such as 500 or 0.05."),
    )
)
_NULL = parse_expression("null")

_ORDERED = frozenset({HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER})

Choice = TypeVar("Choice", bound=StrEnum)
Read = TypeVar("Read")


def read_decisions(root: Element, file: str) -> tuple[DecisionTable, ...]:
    """Read every decision of a DMN file.

    Raises:
        DiagramError: some cannot be used; its problems name every cell that is wrong.
    """
    reader = _Reader(file, str(etree.QName(root).namespace or ""))
    tables = reader.read(root)
    if reader.problems:
        raise DiagramError(reader.problems)
    return tables


@dataclass(frozen=True)
class _Columns:
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    is_ordered: bool


class _Reader:
    """Reads on after a fault, so that the author sees all of them at once."""

    def __init__(self, file: str, namespace: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._namespace = namespace

    def read(self, root: Element) -> tuple[DecisionTable, ...]:
        if self._namespace not in DMN_NAMESPACES or get_local_name(root) != "definitions":
            self._report(
                root,
                "dmn-version",
                "The file is not DMN 1.1, 1.2 or 1.3; save it as DMN 1.3.",
            )
            return ()
        self._check_languages(root)
        decisions = list(self._children(root, "decision"))
        self._check_ids(decisions)
        tables = [self._read_decision(decision) for decision in decisions]
        if not tables:
            self._report(root, "decision-missing", "The file holds no decision; add one.")
        return tuple(table for table in tables if table is not None)

    def _check_languages(self, root: Element) -> None:
        for element in root.iter():
            language = str(element.get("expressionLanguage", "feel"))
            if "feel" not in language.lower():
                self._report(
                    element,
                    "decision-language",
                    f'The expression language "{_shorten(language)}" is not supported; write FEEL.',
                )

    # decisions

    def _read_decision(self, decision: Element) -> DecisionTable | None:
        name = str(decision.get("name") or decision.get("id") or "")
        self._check_requirements(decision, name)
        table = self._find(decision, "decisionTable")
        if table is None:
            self._report(
                decision,
                "decision-not-a-table",
                f'Decision "{name}" holds no decision table; draw its logic as one.',
            )
            return None
        return self._read_table(table, str(decision.get("id")), name)

    def _check_ids(self, decisions: Sequence[Element]) -> None:
        keys: set[str] = set()
        for decision in decisions:
            key = str(decision.get("id") or "")
            if not key:
                self._report(decision, "decision-id", "A decision has no id; give it one.")
            elif key in keys:
                message = f'Two decisions have the id "{key}"; rename one.'
                self._report(decision, "decision-id", message)
            keys.add(key)

    def _check_requirements(self, decision: Element, name: str) -> None:
        for required in decision.iter(
            self._tag("requiredDecision"), self._tag("requiredKnowledge")
        ):
            key = str(required.get("href", "")).lstrip("#")
            self._report(
                required,
                "decision-chain",
                f'Decision "{name}" requires "{key}", but each decision is evaluated alone. Call '
                f'"{key}" in a business rule task before, and use its outputs as inputs here.',
            )

    def _read_table(self, table: Element, key: str, name: str) -> DecisionTable:
        policy = self._read_choice(table, "hitPolicy", HitPolicy.UNIQUE)
        inputs = tuple(
            self._read_input(element, number)
            for number, element in enumerate(self._children(table, "input"), start=1)
        )
        outputs = tuple(self._read_output(e) for e in self._children(table, "output"))
        self._check_outputs(table, policy, outputs)
        columns = _Columns(inputs, outputs, is_ordered=policy in _ORDERED)
        return DecisionTable(
            key=key,
            name=name,
            policy=policy,
            aggregation=self._read_aggregation(table),
            inputs=inputs,
            outputs=outputs,
            rows=self._read_rows(table, columns),
            defaults=tuple(self._read_default(e) for e in self._children(table, "output")),
        )

    def _read_choice(self, table: Element, attribute: str, default: Choice) -> Choice:
        text = str(table.get(attribute) or default).upper()
        choices = type(default)
        if text in choices.__members__.values():
            return choices(text)
        self._report(
            table,
            "decision-hit-policy",
            f'"{_shorten(text)}" is no hit policy or aggregation; choose one of '
            f"{', '.join(choices)}.",
        )
        return default

    def _read_aggregation(self, table: Element) -> Aggregation | None:
        if not table.get("aggregation"):
            return None
        return self._read_choice(table, "aggregation", Aggregation.SUM)

    # columns

    def _read_input(self, column: Element, number: int) -> Input:
        label = str(column.get("label") or "").strip()
        source = self._find(column, "inputExpression")
        if source is None or not _text(source):
            self._report(
                column,
                "decision-expression",
                f"Input {number} has no expression; say what it tests, such as request.amount.",
            )
            return Input(label, _NULL)
        label = label or _shorten(_text(source))
        expression = self._parse(source, parse_expression, f'Input "{label}"')
        kind = str(source.get("typeRef") or "").lower()
        return Input(label, expression or _NULL, is_number=kind in _NUMBER_TYPES)

    def _read_output(self, element: Element) -> Output:
        name = _output_name(element)
        if _VARIABLE.fullmatch(name) is None:
            self._report(
                element,
                "decision-output-name",
                f'"{_shorten(name)}" cannot be the name of an output; use letters, '
                "digits and _, without a dot or blank.",
            )
        elif any(_output_name(other) == name for other in element.itersiblings(preceding=True)):
            self._report(
                element, "decision-output-name", f'Two outputs have the name "{name}"; rename one.'
            )
        return Output(name, self._read_order(element, name))

    def _read_order(self, column: Element, name: str) -> tuple[Any, ...]:
        values = self._find(column, "outputValues")
        if values is None or not _text(values):
            return ()
        parsed = self._parse(values, _parse_list, f'The output values of "{name}"')
        return () if parsed is None else tuple(_evaluate(parsed))

    def _check_outputs(self, table: Element, policy: HitPolicy, outputs: Sequence[Output]) -> None:
        if not outputs:
            self._report(table, "decision-output-name", "The table has no output; add a column.")
        if policy in _ORDERED and not any(output.order for output in outputs):
            self._report(
                table,
                "decision-output-order",
                f"Hit policy {policy} needs output values, from the most to the least important; "
                "list them at an output column.",
            )

    def _read_default(self, output: Element) -> Expression | None:
        cell = self._find(output, "defaultOutputEntry")
        if cell is None:
            return None
        return self._read_output_cell(cell, f'Default of "{_output_name(output)}"')

    # rows

    def _read_rows(self, table: Element, columns: _Columns) -> tuple[Row, ...]:
        rules = list(self._children(table, "rule"))
        if not rules:
            self._report(table, "decision-rows", "The table has no row; add one.")
        return tuple(self._read_row(rule, n, columns) for n, rule in enumerate(rules, start=1))

    def _read_row(self, rule: Element, number: int, columns: _Columns) -> Row:
        tests = list(self._children(rule, "inputEntry"))
        entries = list(self._children(rule, "outputEntry"))
        if (len(tests), len(entries)) != (len(columns.inputs), len(columns.outputs)):
            self._report(
                rule,
                "decision-rows",
                f"Row {number} has {len(tests)} input and {len(entries)} output cells, but the "
                f"table has {len(columns.inputs)} and {len(columns.outputs)} columns; save it "
                "again in the editor.",
            )
            return Row(number, (), ())
        return Row(
            number,
            tuple(self._read_tests(tests, columns.inputs, number)),
            tuple(self._read_entries(entries, columns, number)),
        )

    def _read_tests(
        self, cells: Sequence[Element], inputs: Sequence[Input], number: int
    ) -> Iterator[tuple[int, UnaryTests]]:
        for place, (cell, column) in enumerate(zip(cells, inputs, strict=True)):
            where = f'Row {number}, input "{column.label}"'
            tests = self._parse(cell, parse_unary_tests, where)
            if tests is not None and not tests.matches_anything:
                yield place, tests

    def _read_entries(
        self, cells: Sequence[Element], columns: _Columns, number: int
    ) -> Iterator[Expression | None]:
        for cell, output in zip(cells, columns.outputs, strict=True):
            where = f'Row {number}, output "{output.name}"'
            entry = self._read_output_cell(cell, where)
            if columns.is_ordered:
                self._check_rank(cell, entry, output, where)
            yield entry

    def _read_output_cell(self, cell: Element, where: str) -> Expression | None:
        return self._parse(cell, parse_expression, where) if _text(cell) else None

    def _check_rank(
        self, cell: Element, entry: Expression | None, output: Output, where: str
    ) -> None:
        if not output.order or entry is None or entry.names | entry.names_in_filters:
            return
        if not output.knows(_evaluate(entry)):
            self._report(
                cell,
                "decision-output-order",
                f"{where}: {_shorten(entry.text)} is not among the output values of the column.",
            )

    # elements

    def _parse(self, element: Element, parse: Callable[[str], Read], where: str) -> Read | None:
        text = _text(element)
        try:
            return parse(text)
        except FeelError as error:
            told = f"{error.message}{_FOREIGN.find(text)}"
            message = f'{where}: "{_shorten(text)}" cannot be read. {told}'
            self._report(element, "decision-cell", message)
            return None

    def _report(self, element: Element, code: str, message: str) -> None:
        element_id, line = find_element_id(element), get_line(element)
        self.problems.append(Problem(self._file, element_id, line, code, message))

    def _children(self, element: Element, name: str) -> Iterator[Element]:
        return element.iterchildren(self._tag(name))

    def _find(self, element: Element, name: str) -> Element | None:
        return next(self._children(element, name), None)

    def _tag(self, name: str) -> str:
        return f"{{{self._namespace}}}{name}"


def _text(element: Element) -> str:
    return "".join(child.text or "" for child in element.iterchildren("{*}text")).strip()


def _output_name(output: Element) -> str:
    return str(output.get("name") or output.get("label") or "").strip()


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _evaluate(constant: Expression) -> Any:
    return constant.evaluate({}, today=date.min)


def _parse_list(text: str) -> Expression:
    return parse_expression(f"[{text}]")
