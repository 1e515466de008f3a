"""Make documents (HTML) out of templates of ours and keep them as records."""

import hashlib
from decimal import Decimal
from typing import Any
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined

from ssflow.domain.registers.portfolio import Document
from ssflow.operations.operation import OperationContext
from ssflow.operations.record_changes import add_record

_TEMPLATES = Environment(
    loader=PackageLoader("ssflow.operations", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _money(value: Any) -> str:
    """Write an amount with thousands and cents: 1,234.50."""
    return f"{Decimal(str(value or 0)):,.2f}"


_TEMPLATES.filters |= {
    "money": _money,
    "percent": lambda value: f"{value:,.1f}",
    "words": lambda value: str(value).replace("_", " "),
    "uuid": UUID,
}


def make_document(
    context: OperationContext, owner: tuple[str, UUID], kind: str, title: str, **facts: Any
) -> Document:
    """Render the template of this kind and keep the result."""
    text = _TEMPLATES.get_template(f"{kind}.html").render(title=title, now=context.now, **facts)
    content = text.encode()
    return add_record(
        context,
        Document(
            owner_type=owner[0],
            owner_id=owner[1],
            kind=kind,
            title=title,
            media_type="text/html; charset=utf-8",
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
            instance_id=context.instance_id,
            created_at=context.now,
            created_by=context.actor.key,
        ),
    )
