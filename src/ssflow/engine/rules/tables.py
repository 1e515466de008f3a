"""Decision files as the processes see them: ids, what they need and give, and gaps."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ssflow.engine.decisions import DecisionTable, read_decisions
from ssflow.engine.problems import DiagramError, Problem
from ssflow.engine.rules.context import Decision
from ssflow.engine.rules.report import build_problem
from ssflow.engine.xml_reading import Element, get_local_name

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_BARE_DATE = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])")
_JOINED_TEXTS = re.compile(r'^""\s+(?:or|and)\s+""')
_DECIMAL_COMMA = re.compile(r"[<>]=?\s*\d[\d.]*,\d")
_COLLECTING = frozenset({"COLLECT", "RULE ORDER", "OUTPUT ORDER"})


@dataclass(frozen=True)
class DecisionFiles:
    """The decisions of some DMN files, also those that cannot be used, doubles included."""

    decisions: tuple[Decision, ...]
    problems: tuple[Problem, ...]


def read_decision_files(roots: Mapping[str, Element]) -> DecisionFiles:
    """Read DMN files: what they hold, and which of it cannot be read or evaluated."""
    decisions: list[Decision] = []
    problems: list[Problem] = []
    for file, root in roots.items():
        tables: Mapping[str, DecisionTable] = {}
        try:
            tables = {table.key: table for table in read_decisions(root, file)}
        except DiagramError as error:
            problems.extend(error.problems)
        found = root.iterchildren("{*}decision")
        decisions.extend(_read_decision(element, file, tables) for element in found)
    return DecisionFiles(tuple(decisions), (*problems, *_check_tables(decisions)))


def _check_tables(decisions: Sequence[Decision]) -> Iterator[Problem]:
    """Find decisions that two files hold, and tables that may find no row."""
    owners: dict[str, Decision] = {}
    for decision in decisions:
        owner = owners.setdefault(decision.key, decision)
        if owner.file != decision.file:
            yield build_problem(
                decision.file,
                decision.element,
                "duplicate-decision-id",
                f'The decision "{decision.key}" exists in {owner.file} too; rename one of the two.',
            )
        yield from _check_catch_all(decision)
        yield from _check_slips(decision)


def _read_decision(element: Element, file: str, tables: Mapping[str, DecisionTable]) -> Decision:
    key = element.get("id") or ""
    table = tables.get(key)
    return Decision(
        key=key,
        name=element.get("name") or key,
        file=file,
        inputs=table.names if table else frozenset(),
        outputs=frozenset(output.name for output in table.outputs) if table else frozenset(),
        element=element,
    )


def _check_catch_all(decision: Decision) -> Iterator[Problem]:
    """Tables in the form with `?` only: their cells are opaque, so the last row must take all."""
    for table in decision.element.iterchildren("{*}decisionTable"):
        rows = [_cells(rule) for rule in table.iterchildren("{*}rule")]
        is_collecting = table.get("hitPolicy", "UNIQUE").upper() in _COLLECTING
        if is_collecting or not any("?" in cell for row in rows for cell in row):
            continue
        if not any(all(cell in ("", "-") for cell in row) for row in rows):
            yield build_problem(
                decision.file,
                table,
                "table-without-catch-all",
                f'The table "{decision.name}" has no row that takes everything; add a last row '
                "with - in every input.",
            )


def _check_slips(decision: Decision) -> Iterator[Problem]:
    """Find cells that can be read, but surely not as their author meant them."""
    tables = decision.element.iterchildren("{*}decisionTable")
    cells = (entry for table in tables for rule in table.iterchildren("{*}rule") for entry in rule)
    for entry in cells:
        text = "".join(child.text or "" for child in entry.iterchildren("{*}text")).strip()
        bare = _QUOTED.sub('""', text)
        place = f'A cell of "{decision.name}", {text[:60]}'
        if _BARE_DATE.search(bare):
            message = f'{place}, subtracts numbers; write a date as date("2026-05-01").'
            yield build_problem(decision.file, entry, "decision-cell", message)
        if get_local_name(entry) != "inputEntry":
            continue
        if _JOINED_TEXTS.search(bare):
            message = f'{place}, never matches; write "a","b" for either of them.'
            yield build_problem(decision.file, entry, "decision-cell", message)
        if _DECIMAL_COMMA.search(bare):
            message = (
                f"{place}, holds two tests, for a comma stands between tests; write a number as "
                "1000.50, or a blank behind the comma."
            )
            yield build_problem(decision.file, entry, "decimal-comma", message)


def _cells(rule: Element) -> list[str]:
    return [
        (text.text or "").strip()
        for entry in rule.iterchildren("{*}inputEntry")
        for text in entry.iterchildren("{*}text")
    ]
