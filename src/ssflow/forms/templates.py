"""Texts of a form with `{{FEEL}}` in them, and the small markup of `text` components."""

import re
from dataclasses import dataclass
from enum import StrEnum

from ssflow.errors import InvalidInputError
from ssflow.feel.expression import Expression, parse_expression

_SLOT = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_FORMAT = re.compile(
    r"(?P<expression>.*)\|\s*"
    r"(?P<format>money|pct|date|year|number|user|ref\s+(?P<entity>[A-Za-z]\w*))\s*",
    re.DOTALL,
)
# Stands for slot n while markup is read; a form's own text never holds a NUL.
_MARK = re.compile("\0([0-9]+)\0")
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_LIST_ITEM = re.compile(r"\s*[-*]\s+(.*)")


class TemplateError(InvalidInputError):
    """A text has a `{{…}}` that cannot be read."""


class FormatKind(StrEnum):
    """How a value is written for reading."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    PCT = "pct"
    DATE = "date"
    YEAR = "year"
    USER = "user"
    REF = "ref"


@dataclass(frozen=True)
class Format:
    """How to write a value; `entity` is the kind of record that a `ref` names."""

    kind: FormatKind = FormatKind.TEXT
    entity: str = ""


@dataclass(frozen=True)
class Slot:
    """A place in a text that an expression fills."""

    expression: Expression
    format: Format


@dataclass(frozen=True)
class Template:
    """A text, some of whose parts are filled in when it is shown."""

    parts: tuple[str | Slot, ...] = ()

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions in the text, in order."""
        return tuple(part.expression for part in self.parts if isinstance(part, Slot))


@dataclass(frozen=True)
class Run:
    """Part of a line, with or without emphasis."""

    template: Template
    is_strong: bool = False


class BlockKind(StrEnum):
    """What a block of a text component is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"


@dataclass(frozen=True)
class Block:
    """A heading (one line, `level` 1–6), a paragraph (its lines) or a list (its items)."""

    kind: BlockKind
    lines: tuple[tuple[Run, ...], ...]
    level: int = 0


def parse_template(text: str) -> Template:
    """Read a text with `{{FEEL}}` or `{{FEEL | format}}` in it; a text `=…` is one expression.

    Raises:
        TemplateError: an expression does not parse, or form-js' blocks (`{{#if}}`) are used.
        FeelError: an expression does not parse.
    """
    if text.startswith("="):
        return Template((_read_slot(text),))
    marked, slots = _mark_slots(text)
    return _fill(marked, slots)


def parse_blocks(text: str) -> tuple[Block, ...]:
    """Read the markup of a text component: headings, paragraphs, lists and `**bold**`.

    Markup is read before any value is filled in, so that a value can never become markup.

    Raises:
        TemplateError: see `parse_template`.
        FeelError: see `parse_template`.
    """
    if text.startswith("="):
        return (Block(BlockKind.PARAGRAPH, ((Run(parse_template(text)),),)),)
    marked, slots = _mark_slots(text)
    return tuple(_read_blocks(marked.replace("\r\n", "\n").split("\n"), slots))


def _mark_slots(text: str) -> tuple[str, list[Slot]]:
    if "\0" in text:
        raise TemplateError("A text may not hold a NUL character.")
    slots: list[Slot] = []

    def mark(found: re.Match[str]) -> str:
        slots.append(_read_slot(found[1]))
        return f"\0{len(slots) - 1}\0"

    marked = _SLOT.sub(mark, text)
    if "{{" in marked or "}}" in marked:
        raise TemplateError("A text has “{{” without “}}”, or the other way round.")
    return marked, slots


def _read_slot(text: str) -> Slot:
    if text.lstrip().startswith(("#", "/", "^")):
        raise TemplateError("“{{#…}}” is not supported: use conditional.hide, or a table, instead.")
    found = _FORMAT.fullmatch(text)
    if found is None:
        return Slot(parse_expression(text.strip()), Format())
    kind = FormatKind(found["format"].split()[0])
    return Slot(parse_expression(found["expression"].strip()), Format(kind, found["entity"] or ""))


def _fill(marked: str, slots: list[Slot]) -> Template:
    pieces = _MARK.split(marked)
    parts: list[str | Slot] = []
    for index, piece in enumerate(pieces):
        if index % 2:
            parts.append(slots[int(piece)])
        elif piece:
            parts.append(piece)
    return Template(tuple(parts))


def _read_blocks(lines: list[str], slots: list[Slot]) -> list[Block]:
    blocks: list[Block] = []
    is_new = True
    for line in lines:
        if not line.strip():
            is_new = True
            continue
        block = _read_line(line, slots)
        if not is_new and block.kind is not BlockKind.HEADING and block.kind is blocks[-1].kind:
            block = Block(block.kind, blocks.pop().lines + block.lines)
        blocks.append(block)
        is_new = False
    return blocks


def _read_line(line: str, slots: list[Slot]) -> Block:
    if heading := _HEADING.fullmatch(line):
        return Block(BlockKind.HEADING, (_read_runs(heading[2], slots),), len(heading[1]))
    if item := _LIST_ITEM.fullmatch(line):
        return Block(BlockKind.LIST, (_read_runs(item[1], slots),))
    return Block(BlockKind.PARAGRAPH, (_read_runs(line.strip(), slots),))


def _read_runs(line: str, slots: list[Slot]) -> tuple[Run, ...]:
    pieces = line.split("**")
    if len(pieces) % 2 == 0:
        pieces[-2:] = ["**".join(pieces[-2:])]
    runs = (Run(_fill(piece, slots), bool(index % 2)) for index, piece in enumerate(pieces))
    return tuple(run for run in runs if run.template.parts)
