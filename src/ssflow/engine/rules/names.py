"""Names that code uses although nothing in the diagram supplies them: usually slips of the pen."""

from collections.abc import Iterator

from ssflow.engine.problems import Problem
from ssflow.engine.rules.calls import find_called_decision, list_called_processes
from ssflow.engine.rules.code_places import list_code
from ssflow.engine.rules.context import Bundle
from ssflow.engine.rules.python_code import REFUSED_NAMES, read_code
from ssflow.engine.rules.report import build_problem
from ssflow.engine.rules.times import is_unquoted_time
from ssflow.engine.rules.tree import Process
from ssflow.engine.rules.variables import SUPPLIED_NAMES, list_written_names
from ssflow.engine.xml_reading import BPMN

_BUILTINS = (
    "ArithmeticError AssertionError AttributeError BaseException Ellipsis Exception "
    "FileExistsError FileNotFoundError ImportError IndexError KeyError LookupError MemoryError "
    "ModuleNotFoundError NameError NotImplemented NotImplementedError OSError OverflowError "
    "PermissionError RecursionError RuntimeError StopIteration SyntaxError TimeoutError "
    "TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError ValueError "
    "ZeroDivisionError abs all any bin bool bytes chr complex dict divmod enumerate filter "
    "float format frozenset getattr hasattr hash hex id int isinstance iter len list locals map "
    "max min next object oct ord pow print property range repr reversed round set setattr slice "
    "sorted str sum tuple type zip"
)
SANDBOX_NAMES = frozenset(_BUILTINS.split()) | REFUSED_NAMES.keys()


def check_names(bundle: Bundle) -> Iterator[Problem]:
    """Find names in code that no form, script, decision, call or message supplies."""
    written = {process.key: _written(process, bundle) for process in bundle.processes}
    for process in bundle.processes:
        family = _family(process, bundle)
        if family is not None:
            known = set().union(*(written[key] for key in family))
            supplied = known | SUPPLIED_NAMES | SANDBOX_NAMES
            yield from _check_process(process, supplied)
            yield from _check_decisions(process, bundle, supplied)


def _check_process(process: Process, known: set[str]) -> Iterator[Problem]:
    reported = set(known)
    for place in list_code(process):
        if not place.sees_data or is_unquoted_time(place):
            continue
        used = read_code(place.text, is_expression=place.is_expression).used
        for name in sorted(used - reported):
            reported.add(name)
            yield build_problem(
                process.file,
                place.element,
                "undefined-name",
                f'"{name}" in the {place.what} is supplied by no form, script, decision or '
                "message of this process; correct it, unless every start hands it in.",
                line=place.line_of(1),
            )


def _check_decisions(process: Process, bundle: Bundle, known: set[str]) -> Iterator[Problem]:
    for node in process.nodes():
        called = None if node.kind != "businessRuleTask" else find_called_decision(node)
        decision = bundle.decisions.get(called or "")
        for name in sorted(decision.inputs - known if decision else ()):
            yield build_problem(
                process.file,
                node.element,
                "undefined-name",
                f'"{name}", which the decision of {node.label} tests, is supplied by no form, '
                "script, decision or message of this process; correct it, unless every start "
                "hands it in.",
            )


def _written(process: Process, bundle: Bundle) -> set[str]:
    names = {element.get("id") or "" for element in process.element.iter(f"{{{BPMN}}}dataObject")}
    for node in process.nodes():
        names |= list_written_names(node, bundle)
    return names


def _family(process: Process, bundle: Bundle) -> set[str] | None:
    """Find the processes whose variables a process sees; None when some are not in the bundle."""
    family = {process.key}
    for other in bundle.processes:
        if process.key in list_called_processes(other):
            family.add(other.key)
    waiting = [process.key]
    while waiting:
        found = bundle.find_process(waiting.pop())
        if found is None:
            return None
        fresh = set(list_called_processes(found)) - family
        family |= fresh
        waiting.extend(fresh)
    return family if all(bundle.find_process(key) for key in family) else None
