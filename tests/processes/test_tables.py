"""Every shipped table has an answer to whatever its columns may hold, and no row in vain."""

import itertools
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ssflow.engine.decisions import DecisionTable, read_decisions
from ssflow.engine.xml_reading import read_xml
from ssflow.services.shipped import shipped_root

TABLES = sorted((shipped_root() / "processes").glob("*/*.dmn"))
TODAY = date(2026, 3, 2)
SMALL_STEP = 0.01
MORE_NUMBERS = (-1e9, -1, 0, 1e9)
NO_WORD_OF_THE_TABLE = "unheard of"


@pytest.mark.parametrize("file", TABLES, ids=lambda path: path.stem)
def test_every_combination_has_one_answer_and_every_row_is_reached(file: Path) -> None:
    [table] = read_decisions(read_xml(file.read_bytes(), file.name), file.name)

    outcomes = [table.evaluate(case, today=TODAY) for case in _cases(table)]

    assert {len(outcome.rows) for outcome in outcomes} == {1}
    assert all(value is not None for o in outcomes for value in o.values.values())
    assert {row for o in outcomes for row in o.rows} == {row.number for row in table.rows}


def _cases(table: DecisionTable) -> Iterator[dict[str, Any]]:
    """Give every combination of what stands in the cells, and of what lies beside it."""
    paths = [re.findall(r"[a-z][a-z0-9_.]*", one.expression.text)[-1] for one in table.inputs]
    columns = [_values(table, index) for index in range(len(table.inputs))]
    for values in itertools.product(*columns):
        case: dict[str, Any] = {}
        for path, value in zip(paths, values, strict=True):
            *outer, last = path.split(".")
            place = case
            for name in outer:
                place = place.setdefault(name, {})
            place[last] = value
        yield case


def _values(table: DecisionTable, index: int) -> list[Any]:
    cells = " ".join(test.text for row in table.rows for at, test in row.tests if at == index)
    if "true" in cells or "false" in cells:
        return [True, False]
    words = re.findall(r'"([^"]*)"', cells)
    if words:
        return [*words, NO_WORD_OF_THE_TABLE]
    limits = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", cells)]
    near = {n + step for n in limits for step in (-SMALL_STEP, 0, SMALL_STEP)}
    return sorted({*near, *MORE_NUMBERS})
