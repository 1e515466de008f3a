"""Small bundles that service tests deploy."""

import json
from collections.abc import Mapping
from typing import Any

from tests.engine.diagrams import (
    boundary,
    diagram,
    end,
    error,
    flows,
    on_error,
    process,
    script,
    service,
    start,
    user,
)

Files = dict[str, bytes]


def bundle(*parts: str, key: str = "p", **forms: list[dict[str, Any]]) -> Files:
    """Make a bundle of one process and the forms that it shows."""
    shown = {f"{name}.form.json": form(name, *fields) for name, fields in forms.items()}
    return {f"{key}.bpmn": diagram(process(key, *parts)), **shown}


def form(form_id: str, *fields: dict[str, Any], **told: Any) -> bytes:
    return json.dumps(
        {
            "id": form_id,
            "type": "default",
            "schemaVersion": 18,
            "title": form_id.title(),
            "components": list(fields),
            **told,
        }
    ).encode()


def text_field(key: str, *, required: bool = False, **told: Any) -> dict[str, Any]:
    validate = {"required": required}
    return {"type": "textfield", "key": key, "label": key.title(), "validate": validate, **told}


def number_field(key: str, *, required: bool = False, **bounds: int) -> dict[str, Any]:
    validate = {"required": required, **bounds}
    return {"type": "number", "key": key, "label": key.title(), "validate": validate}


def one_task(role: str = "service_owner", **properties: str) -> Files:
    """A process with a single task."""
    return bundle(start(), user("U_do", role=role, **properties), end(), flows("start U_do end"))


def two_tasks(**second: str) -> Files:
    """A customer asks, a portfolio manager answers."""
    return bundle(
        start(),
        user("U_ask", role="customer"),
        user("U_answer", **{"role": "portfolio_manager", **second}),
        end(),
        flows("start U_ask U_answer end"),
    )


def with_form(*fields: dict[str, Any], variable: str | None = None) -> Files:
    """A process with a single task that shows a form."""
    return bundle(
        start(),
        user("U_fill", role="service_owner", form="fill", variable=variable),
        end(),
        flows("start U_fill end"),
        fill=list(fields),
    )


def with_script(code: str) -> Files:
    """A task, a script behind it, and another task."""
    return bundle(
        start(),
        user("U_first", role="service_owner"),
        script("X_compute", code),
        user("U_last", role="service_owner"),
        end(),
        flows("start U_first X_compute U_last end"),
    )


def changed(files: Mapping[str, bytes], name: str, old: str, new: str) -> Files:
    """Give the files with a text in one of them replaced."""
    content = files[name].decode()
    assert old in content
    return {**files, name: content.replace(old, new).encode()}


def one_budget_a_year() -> Files:
    """A process that opens a budget first; what the operation refuses ends it."""
    asks = (
        "<bpmn:extensionElements><spiffworkflow:properties>"
        '<spiffworkflow:property name="form" value="ask"/>'
        "</spiffworkflow:properties></bpmn:extensionElements>"
    )
    planned = process(
        "p",
        start(inner=asks),
        service("S_open", "budget.open", {"fiscal_year": "fiscal_year"}, "budget"),
        boundary("R_refused", "S_open", on_error("Err")),
        user("U_plan", role="finance_manager"),
        end(),
        end("E_refused"),
        flows("start S_open U_plan end", "R_refused E_refused"),
    )
    asked = form("ask", number_field("fiscal_year", required=True))
    return {"p.bpmn": diagram(planned, error("Err", "refused")), "ask.form.json": asked}
