"""Decision files as the processes see them: ids, outputs, and rows for everything."""

from collections.abc import Iterator, Mapping

from ssflow.engine.problems import Problem
from ssflow.engine.rules.context import Decision
from ssflow.engine.rules.report import build_problem
from ssflow.engine.xml_reading import Element

_COLLECTING = frozenset({"COLLECT", "RULE ORDER", "OUTPUT ORDER"})


def list_decisions(roots: Mapping[str, Element]) -> list[Decision]:
    """List the decisions of some DMN files, doubles included."""
    return [
        Decision(
            key=element.get("id") or "",
            name=element.get("name") or element.get("id") or "",
            file=file,
            outputs=frozenset(one.get("name") or "" for one in _outputs(element)),
            element=element,
        )
        for file, root in roots.items()
        for element in root.iterchildren("{*}decision")
    ]


def check_tables(decisions: list[Decision]) -> Iterator[Problem]:
    """Find doubled decisions, outputs that code cannot name, and tables with gaps."""
    owners: dict[str, Decision] = {}
    for decision in decisions:
        owner = owners.setdefault(decision.key, decision)
        if owner is not decision:
            yield build_problem(
                decision.file,
                decision.element,
                "duplicate-decision-id",
                f'The decision "{decision.key}" exists in {owner.file} too; rename one of the two.',
            )
        yield from _check_outputs(decision)
        yield from _check_catch_all(decision)


def _outputs(decision: Element) -> Iterator[Element]:
    for table in decision.iterchildren("{*}decisionTable"):
        yield from table.iterchildren("{*}output")


def _check_outputs(decision: Decision) -> Iterator[Problem]:
    for output in _outputs(decision.element):
        name = output.get("name") or ""
        if "." in name:
            yield build_problem(
                decision.file,
                output,
                "decision-output-dotted",
                f'The output "{name}" has a dot; name it "{name.rpartition(".")[2]}" and give the '
                f'business rule task the property result = "{name.partition(".")[0]}".',
            )
        elif not name.isidentifier():
            yield build_problem(
                decision.file,
                output,
                "decision-output-name",
                f'The output "{name}" is no variable name; use letters, digits and _.',
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


def _cells(rule: Element) -> list[str]:
    return [
        (text.text or "").strip()
        for entry in rule.iterchildren("{*}inputEntry")
        for text in entry.iterchildren("{*}text")
    ]
