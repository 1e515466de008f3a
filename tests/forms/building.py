"""Short ways to write a form in a test."""

from collections.abc import Mapping
from typing import Any

from ssflow.forms.context import FormContext
from ssflow.forms.layout import Layout, read_layout
from ssflow.forms.submission import FormError, read_submission

Json = dict[str, Any]


def form(*components: Json, **extra: Any) -> Json:
    return {"id": "test_form", "type": "default", "components": list(components), **extra}


def layout(*components: Json, labels: Mapping[str, str] | None = None) -> Layout:
    return read_layout(form(*components), labels)


def text(key: str = "title", **extra: Any) -> Json:
    return {"type": "textfield", "key": key, "label": "Title", **extra}


def number(key: str = "amount", **extra: Any) -> Json:
    return {"type": "number", "key": key, "label": "Amount", **extra}


def radio(key: str = "screen", **extra: Any) -> Json:
    values = [{"value": v, "label": v.title()} for v in ("accept", "back", "reject")]
    return {"type": "radio", "key": key, "label": "Outcome", "values": values, **extra}


def costs(**extra: Any) -> Json:
    components = [
        text("what", validate={"required": True}),
        number("y0", properties={"type": "money"}),
    ]
    return {
        "type": "dynamiclist",
        "path": "costs",
        "label": "Costs",
        "components": components,
    } | extra


def errors_of(form_layout: Layout, submitted: Any, context: FormContext) -> dict[str, list[str]]:
    """The field errors of a submission; none when it is accepted."""
    try:
        read_submission(form_layout, submitted, context)
    except FormError as error:
        return error.errors
    return {}
