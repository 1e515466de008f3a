"""Attribute access on data, written as key access: `a.b` is `a["b"]` for the sandbox."""

import ast
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

# Reads a key of data or an attribute of anything else; used where the text alone cannot tell.
GET = "__get = lambda o, k: o[k] if isinstance(o, dict) else getattr(o, k)\n"


def rewrite_access(source: str, tree: ast.AST) -> tuple[str, bool]:
    """Turn `a.b` on data into `a["b"]`; lines stay where they are.

    Names that the code itself binds may hold anything, so they are looked into when it runs.
    """
    data = source.encode()
    editor = _Editor(data, find_imported(tree), _bound(tree))
    editor.visit(tree)
    for edit in sorted(editor.edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        data = data[: edit.start] + edit.text.encode() + data[edit.end :]
    return data.decode(), editor.uses_get


def find_imported(tree: ast.AST) -> frozenset[str]:
    """Find the names that code imports."""
    return frozenset(
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    )


def _bound(tree: ast.AST) -> frozenset[str]:
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and is_stored(n)}
    arguments = {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    caught = {n.name for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler) and n.name}
    functions = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    return frozenset(stored | arguments | caught | functions | {"now"})


def is_stored(node: ast.Name | ast.Attribute) -> bool:
    """Tell whether code assigns to this place."""
    return isinstance(node.ctx, ast.Store)


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str


class _Editor(ast.NodeVisitor):
    """Collects the places of a text where attribute access on data stands."""

    def __init__(self, data: bytes, imported: frozenset[str], bound: frozenset[str]) -> None:
        self.edits: list[_Edit] = []
        self.uses_get = False
        self._data = data
        self._imported = imported
        self._bound = bound
        starts = [0]
        for line in data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self._starts = starts

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        for child in (called, *node.args, *node.keywords):
            self.visit(child)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.visit(node.value)
        how = self._how(node)
        if how is None:
            return
        end = self._offset(node.end_lineno, node.end_col_offset)
        name = end - len(node.attr.encode())
        dot = self._data.rindex(b".", 0, name)
        gap = self._data[dot + 1 : name].decode()
        if how == "key":
            self.edits.append(_Edit(dot, end, f'[{gap}"{node.attr}"]'))
            return
        self.uses_get = True
        start = self._offset(node.lineno, node.col_offset)
        self.edits.append(_Edit(start, start, "__get("))
        self.edits.append(_Edit(dot, end, f',{gap} "{node.attr}")'))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Write an f-string anew: places inside one are not told before Python 3.12."""
        keyed = _Keyed(self._how)
        text = ast.unparse(keyed.visit(deepcopy(node)))
        if not keyed.changed:
            return
        self.uses_get = self.uses_get or keyed.uses_get
        start = self._offset(node.lineno, node.col_offset)
        end = self._offset(node.end_lineno, node.end_col_offset)
        lines = (node.end_lineno or node.lineno) - node.lineno
        self.edits.append(_Edit(start, end, f"({text}{chr(10) * lines})"))

    def _how(self, node: ast.Attribute) -> str | None:
        """Tell how to read this attribute: as a key, by looking, or as it stands (None)."""
        root = _root(node)
        if isinstance(root, ast.Name) and root.id in self._imported:
            return None
        if is_stored(node):
            return "key"
        if isinstance(root, ast.Name) and root.id not in self._bound:
            return "key"
        return "get"

    def _offset(self, line: int | None, column: int | None) -> int:
        return self._starts[(line or 1) - 1] + (column or 0)


class _Keyed(ast.NodeTransformer):
    """Does to a tree what the editor does to a text."""

    def __init__(self, how: Callable[[ast.Attribute], str | None]) -> None:
        self.changed = False
        self.uses_get = False
        self._how = how

    def visit_Call(self, node: ast.Call) -> ast.Call:
        if isinstance(node.func, ast.Attribute):
            node.func.value = self.visit(node.func.value)
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        how = self._how(node)
        node.value = self.visit(node.value)
        if how is None:
            return node
        self.changed = True
        name = ast.Constant(node.attr)
        if how == "key":
            return ast.Subscript(node.value, name, node.ctx)
        self.uses_get = True
        return ast.Call(ast.Name("__get", ast.Load()), [node.value, name], [])


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node
