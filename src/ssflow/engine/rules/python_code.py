"""Python in diagrams, read without running it: is it allowed, and which names does it touch."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ssflow.engine.code import (
    NOT_REPEATABLE,
    CodeError,
    move_left,
    read_expression,
    read_script,
)
from ssflow.engine.scripts import check_code

MAX_CODE_LENGTH = 20_000

REFUSED_NAMES = {
    "eval": "write the step as plain Python",
    "exec": "write the step as plain Python",
    "open": "files are read and written by operations of service tasks",
}
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
"""What code may call without anybody supplying it; what is refused is told by another rule."""


@dataclass(frozen=True)
class CodeFault:
    """One thing that a piece of code may not do; lines count from 1."""

    line: int
    code: str
    message: str


@dataclass(frozen=True)
class CodeReading:
    """The names of a piece of code; `used` leaves out those that it binds itself."""

    used: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()
    constant: tuple[Any] | None = None


@lru_cache(maxsize=8192)
def read_code(text: str, *, is_expression: bool) -> CodeReading:
    """Read the names of a script or an expression; of one that cannot be read there are none."""
    if len(text) > MAX_CODE_LENGTH:
        return CodeReading()
    try:
        program = read_expression(text) if is_expression else read_script(text)
    except CodeError:
        return CodeReading()
    tree = ast.parse(f"({text.strip()}\n)" if is_expression else move_left(text))
    return CodeReading(frozenset(_used_names(tree)), program.stored, program.constant)


def holds_always(condition: str) -> bool:
    """Tell whether a condition is a text or a list of values: never false, so surely a slip."""
    try:
        tree = ast.parse(f"({condition.strip()}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    is_text = isinstance(tree, ast.Constant) and isinstance(tree.value, str)
    return is_text or (isinstance(tree, ast.Tuple) and bool(tree.elts))


def find_faults(text: str, *, is_expression: bool) -> Iterator[CodeFault]:
    """Find what keeps a script or an expression from running."""
    if not text.strip():
        kind = "expression" if is_expression else "script"
        yield CodeFault(1, "code-missing", f"The {kind} is empty; write it.")
    elif len(text) > MAX_CODE_LENGTH:
        yield CodeFault(
            1,
            "code-too-long",
            f"The code has {len(text)} characters, at most {MAX_CODE_LENGTH} are allowed; move "
            "data into a decision table or a record.",
        )
    else:
        faults = check_code(text, expression=is_expression)
        yield from (CodeFault(line, "code-refused", message) for line, message in faults)
        if not faults:
            tree = ast.parse(f"({text.strip()}\n)" if is_expression else move_left(text))
            yield from _check_names(tree)


def _check_names(tree: ast.AST) -> Iterator[CodeFault]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in REFUSED_NAMES:
            yield CodeFault(
                node.lineno,
                "code-refused",
                f"`{node.id}` is not available; {REFUSED_NAMES[node.id]}.",
            )
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from _check_import(node)


def _check_import(node: ast.Import | ast.ImportFrom) -> Iterator[CodeFault]:
    names = [node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
    for module in NOT_REPEATABLE.intersection(names):
        yield CodeFault(
            node.lineno,
            "code-refused",
            f"`{module}` may not be imported, because a step that is repeated must give the same "
            "result; let an operation of a service task draw lots.",
        )


def _used_names(tree: ast.AST) -> set[str]:
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    return read - {node.id for node in names if isinstance(node.ctx, ast.Store)} - _bound(tree)


def _bound(tree: ast.AST) -> set[str]:
    """Names that parameters, definitions, imports and handlers bind."""
    return {name for node in ast.walk(tree) if (name := _bound_by(node)) is not None} | {
        (alias.asname or alias.name).partition(".")[0]
        for alias in ast.walk(tree)
        if isinstance(alias, ast.alias)
    }


def _bound_by(node: ast.AST) -> str | None:
    match node:
        case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
            return name
        case _:
            return None
