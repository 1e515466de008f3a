"""Code in diagrams as text: which names it uses, what is refused, and its form for the sandbox."""

import ast
import io
import textwrap
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ssflow.engine.data_access import GET, find_imported, is_stored, rewrite_access
from ssflow.engine.hints import Hints
from ssflow.engine.json_values import RESERVED_NAMES

ALLOWED_MODULES = frozenset(
    {
        "base64",
        "collections",
        "copy",
        "datetime",
        "decimal",
        "functools",
        "hashlib",
        "itertools",
        "json",
        "math",
        "random",
        "re",
    }
)
NOT_REPEATABLE = frozenset({"random", "secrets", "uuid"})
"""Modules that new diagrams may not use, because a repeated step must give the same result."""
SUPPLIED_FUNCTIONS = frozenset({"today", "wd"})
INSTANCES, ACTIVE, COMPLETED = (
    f"numberOf{which}Instances" for which in ("", "Active", "Completed")
)
COUNTS = frozenset({INSTANCES, ACTIVE, COMPLETED})
"""What the completion condition of a multi-instance activity knows of the others."""

# Reads a key of data or an attribute of anything else; used where the text alone cannot tell.
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_GET = "__get = lambda o, k: o[k] if isinstance(o, dict) else getattr(o, k)\n"
_OUT = "__out"
# fmt: off
_PURE_METHODS = frozenset(
    {
        "capitalize", "count", "date", "endswith", "find", "format", "get", "index", "isalpha",
        "isdigit", "isnumeric", "isoformat", "isoweekday", "items", "join", "keys", "lower",
        "lstrip", "replace", "rstrip", "split", "splitlines", "startswith", "strftime", "strip",
        "time", "title", "total_seconds", "upper", "values", "weekday", "zfill"
    }
)
_PURE_FUNCTIONS = frozenset(
    {
        "abs", "all", "any", "bool", "dict", "enumerate", "float", "int", "isinstance", "len",
        "list", "max", "min", "range", "round", "set", "sorted", "str", "sum", "today", "tuple",
        "wd", "zip"
    }
)
# fmt: on
_UNSUPPORTED: dict[type[ast.AST], str] = {
    ast.Delete: "`del` is not supported; set the variable to None instead.",
    ast.ClassDef: "Classes are not supported; use a dictionary.",
    ast.Yield: "Generators are not supported; build a list.",
    ast.YieldFrom: "Generators are not supported; build a list.",
    ast.Await: "Asynchronous code is not supported.",
    ast.AsyncFunctionDef: "Asynchronous code is not supported.",
    ast.AsyncFor: "Asynchronous code is not supported.",
    ast.AsyncWith: "Asynchronous code is not supported.",
    ast.Global: "`global` is not supported; give the value back.",
    ast.Nonlocal: "`nonlocal` is not supported; give the value back.",
}
_FOREIGN = Hints(
    (
        (r"[\u2018\u2019\u201a-\u201f\u00ab\u00bb]", "Write straight quotes: \"yes\" or 'yes'."),
        (r"&&|\|\||!(?!=)", "Write and, or, not."),
        (r"\b(AND|OR|NOT)\b", "Write and, or, not in small letters."),
        (r"===|!==", "Write == and != to compare."),
        (r"<>", "Write != for unequal."),
        (r"=>|=<", "Write >= and <= to compare."),
        (r"\b(eq|ne|gt|lt|ge|le)\b", "Write ==, !=, >, <, >= or <= to compare."),
        (r"\b(var|let|const)\s+\w|\bfunction\b|//|;\s*$", "This looks like JavaScript."),
        (r"\?.*:", "Write one if condition else other."),
        (r"\?", "Write len(…), .get(…) or a comparison in place of the question mark."),
        (r"\bthen\b", "Write one if condition else other."),
        (r"\bbetween\b|\.\.", "Write 1 <= amount <= 5 for a range."),
        (r"\bcontains\b|\blike\b|\bLIKE\b", 'Write "part" in text, or item in items.'),
        (r"\b(some|every)\b.*\bsatisfies\b", "Write any(… for x in xs) or all(… for x in xs)."),
        (r"\bstring length\b", "Write len(text)."),
    )
)


class CodeError(Exception):
    """Something in a piece of code that cannot be run; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass(frozen=True)
class Program:
    """A piece of code, ready for the sandbox."""

    source: str
    text: str
    first_line: int
    names: frozenset[str]
    stored: frozenset[str] = frozenset()
    certain: frozenset[str] = frozenset()
    may_change_inputs: bool = False
    uses_modules: bool = False
    constant: tuple[Any] | None = None

    def text_for(self, given: frozenset[str]) -> str:
        """Give a script's text with what hands back its results, when it is given these names."""
        returned = self.stored | given if self.may_change_inputs else self.stored
        return f"{self.text}\n{_tail(self.certain, returned - self.certain)}"

    def line_of(self, sandbox_line: int) -> int:
        """Turn a line that the sandbox names into a line of the source."""
        return max(1, min(sandbox_line - self.first_line, len(self.source.splitlines()) or 1))

    def source_line(self, line: int) -> str | None:
        """Give the author's text of a line."""
        lines = self.source.splitlines()
        return lines[line - 1].strip() if 0 < line <= len(lines) else None


@lru_cache(maxsize=4096)
def read_expression(source: str) -> Program:
    """Read an expression.

    Raises:
        CodeError: it is no expression, or holds what is refused.
    """
    tree = _parse_expression(source)
    _refuse(tree)
    text, uses_get = rewrite_access(_bracket(source), tree)
    return Program(
        source=source.strip(),
        text=f"{GET}{text}" if uses_get else text,
        first_line=1 if uses_get else 0,
        names=_names(tree),
        constant=_constant(tree),
    )


@lru_cache(maxsize=4096)
def read_script(source: str) -> Program:
    """Read a script.

    Raises:
        CodeError: it does not parse, or holds what is refused.
    """
    source = move_left(source)
    tree = _parse(source, mode="exec")
    _refuse(tree)
    text, uses_get = rewrite_access(source, tree)
    stored, certain = _stored(tree)
    return Program(
        source=source,
        text=f"{GET}{text}" if uses_get else text,
        first_line=1 if uses_get else 0,
        names=_names(tree),
        stored=stored,
        certain=certain,
        may_change_inputs=any(_may_change(node) for node in ast.walk(tree)),
        uses_modules=bool(find_imported(tree)),
    )


def find_problems(source: str, *, expression: bool) -> list[CodeError]:
    """List what is wrong with a piece of code as far as its text tells."""
    try:
        tree = _parse_expression(source) if expression else _parse(move_left(source), "exec")
    except CodeError as problem:
        return [problem]
    return list(_refusals(tree))


def move_left(script: str) -> str:
    """Take away the indent that a whole script has where it stands in a tidy file."""
    is_indented = script.lstrip("\r\n")[:1].isspace() and bool(script.strip())
    return textwrap.dedent(script) if is_indented else script


def _bracket(expression: str) -> str:
    """Put an expression into brackets, so that it may go over several lines."""
    return f"({expression.strip()}\n)"


def _parse_expression(source: str) -> ast.AST:
    if not source.strip():
        raise CodeError(1, "The expression is missing.")
    _require_closed_brackets(source.strip())
    tree = _parse(_bracket(source), "eval")
    if _is_nothing(tree) and source.strip().startswith("#"):
        raise CodeError(1, "There is only a comment (what follows #); write an expression.")
    return tree


def _is_nothing(tree: ast.AST) -> bool:
    """Tell whether our brackets stayed empty."""
    body = tree.body if isinstance(tree, ast.Expression) else None
    return isinstance(body, ast.Tuple) and not body.elts


def _require_closed_brackets(expression: str) -> None:
    """Refuse `1) + (2`, which would be an expression only between our brackets."""
    depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(expression).readline):
            depth += (token.string in _OPENING) - (token.string in _CLOSING)
            if depth < 0:
                raise CodeError(token.start[0], f"`{token.string}` closes nothing.")
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return  # whatever it is, the parser tells it better


def _parse(text: str, mode: str) -> ast.AST:
    try:
        return ast.parse(text, mode=mode)
    except SyntaxError as error:
        reason = (error.msg or "").partition(". ")[0]  # what follows is a guess of Python's
        told = f"This is not valid Python: {reason.rstrip('.?')}.{_way_out(text)}"
        raise CodeError(error.lineno or 1, told) from None
    except (ValueError, RecursionError, MemoryError):
        raise CodeError(1, "This is not valid Python.") from None


def _way_out(text: str) -> str:
    """Say what to do about the ways in which other engines and languages write code."""
    given = text.lstrip("( ")
    if given.startswith(("${", "#{")):
        return " Write the expression without ${ }, such as amount > 5."
    if given.startswith("="):
        return " Write the expression without the = before it, in Python: == and != compare."
    return _FOREIGN.find(text)


def _refuse(tree: ast.AST) -> None:
    for problem in _refusals(tree):
        raise problem


def _refusals(tree: ast.AST) -> Iterator[CodeError]:
    inside = {
        id(child) for node in ast.walk(tree) if _is_function(node) for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        message = _refusal(node, in_function=id(node) in inside)
        if message is not None:
            yield CodeError(getattr(node, "lineno", 1), message)


def _refusal(node: ast.AST, *, in_function: bool) -> str | None:
    if isinstance(node, ast.Return) and not in_function:
        return "`return` stands outside a function."
    if isinstance(node, ast.Import | ast.ImportFrom):
        return _import_refusal(node)
    if isinstance(node, ast.Name | ast.arg):
        return _name_refusal(node)
    return _UNSUPPORTED.get(type(node))


def _name_refusal(node: ast.Name | ast.arg) -> str | None:
    name = node.id if isinstance(node, ast.Name) else node.arg
    if name.startswith("__"):
        return "Names that start with two underscores are reserved."
    if isinstance(node, ast.Name) and is_stored(node) and name in RESERVED_NAMES:
        return f"`{name}` is read-only; choose another name."
    return None


def _import_refusal(node: ast.Import | ast.ImportFrom) -> str | None:
    if isinstance(node, ast.Import):
        return _module_refusal([alias.name for alias in node.names])
    if any(alias.name == "*" for alias in node.names):
        return "`import *` is not supported; name what you need."
    return _module_refusal([node.module or ""])


def _module_refusal(modules: list[str]) -> str | None:
    for module in modules:
        if module.split(".")[0] not in ALLOWED_MODULES:
            allowed = ", ".join(sorted(ALLOWED_MODULES - NOT_REPEATABLE))
            return f"`{module}` may not be imported; scripts may import {allowed}."
    return None


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def _names(tree: ast.AST) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _constant(tree: ast.AST) -> tuple[Any] | None:
    body = tree.body if isinstance(tree, ast.Expression) else None
    if isinstance(body, ast.Constant) and isinstance(body.value, str | int | float | None):
        return (body.value,)
    return None


def _stored(tree: ast.AST) -> tuple[frozenset[str], frozenset[str]]:
    """Which names a script hands back: all it may assign, and those it is sure to assign.

    Names that are only loop variables, imports or functions are the script's own, and so are
    names that start with an underscore.
    """
    assigned = {name for node in ast.walk(tree) for name in _assigned_by(node)}
    body = tree.body if isinstance(tree, ast.Module) else []
    certain = {name for node in body for name in _assigned_by(node)}
    kept = frozenset(name for name in assigned if not name.startswith("_"))
    return kept, frozenset(certain) & kept


def _assigned_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Assign(targets=targets, value=value) if not isinstance(value, ast.Lambda):
            yield from (name for target in targets for name in _targets(target))
        case ast.AugAssign(target=target) | ast.NamedExpr(target=target):
            yield from _targets(target)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            yield from _targets(target)


def _targets(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _may_change(node: ast.AST) -> bool:
    """Tell whether this could change a list or dictionary that the script was given in place."""
    match node:
        case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()) | ast.AugAssign():
            return True
        case ast.Call(func=ast.Attribute(attr=method)):
            return method not in _PURE_METHODS
        case ast.Call(func=ast.Name(id=function)):
            return function not in _PURE_FUNCTIONS
        case ast.Call():
            return True
        case _:
            return False


@lru_cache(maxsize=4096)
def _tail(certain: frozenset[str], possible: frozenset[str]) -> str:
    """Write what collects the results: certain names at once, the others if they exist."""
    at_once = ", ".join(f"{name!r}: {name}" for name in sorted(certain))
    lines = [f"{_OUT} = {{{at_once}}}"]
    for name in sorted(possible):
        lines += ["try:", f"    {_OUT}[{name!r}] = {name}", "except NameError:", "    pass"]
    return "\n".join([*lines, _OUT])
