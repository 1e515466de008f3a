"""Operations for any diagram: start a process, send a message, tell people."""

from collections.abc import Iterable
from typing import Any

from marshmallow import fields
from marshmallow.validate import Length

from ssflow.domain.base import JsonValue
from ssflow.operations.operation import (
    Effect,
    EffectKind,
    OperationContext,
    OperationRefusedError,
    Refusal,
    operation,
)

MAX_NAME_CHARACTERS = 200


def _name(*, required: bool = True) -> fields.String:
    if required:
        return fields.String(required=True, validate=Length(min=1, max=MAX_NAME_CHARACTERS))
    length = Length(max=MAX_NAME_CHARACTERS)
    return fields.String(required=False, allow_none=True, load_default=None, validate=length)


def _object() -> fields.Dict:
    return fields.Dict(keys=fields.String(), required=False, allow_none=True, load_default=None)


def _anything(*, required: bool = True) -> fields.Raw:
    if required:
        return fields.Raw(required=True, allow_none=True)
    return fields.Raw(required=False, allow_none=True, load_default=None)


@operation(
    "process.start",
    "Start a process",
    key=_name(),
    payload=_object(),
    business_key=_name(required=False),
)
def _start_process(context: OperationContext, given: dict[str, Any]) -> JsonValue:
    """Start the newest version of a process; its start message, if it has one, is the payload."""
    payload = {
        "key": given["key"],
        "variables": given["payload"] or {},
        "business_key": given["business_key"] or None,
    }
    context.effects.append(Effect(EffectKind.START_PROCESS, payload))
    return {"key": given["key"]}


@operation(
    "message.send",
    "Send a message",
    name=_name(),
    correlation_key=_name(required=False),
    payload=_object(),
    time_to_live=_name(required=False),
)
def _send_message(context: OperationContext, given: dict[str, Any]) -> JsonValue:
    """Send a message to the case that waits for it, or will."""
    payload = {
        "name": given["name"],
        "correlation_key": given["correlation_key"],
        "payload": given["payload"] or {},
        "time_to_live": given["time_to_live"] or None,
    }
    context.effects.append(Effect(EffectKind.SEND_MESSAGE, payload))
    return {"name": given["name"], "correlation_key": given["correlation_key"]}


@operation(
    "notify",
    "Tell people",
    to=_anything(),
    template=_name(required=False),
    text=fields.String(required=False, allow_none=True, load_default=None),
    facts=_object(),
    exclude=_anything(required=False),
    link=fields.String(required=False, allow_none=True, load_default=None),
)
def _notify(context: OperationContext, given: dict[str, Any]) -> JsonValue:
    """Send people a notice; `to` and `exclude` are one or more user ids, roles or addresses."""
    to = _names_in(given["to"])
    if not to:
        message = "notify: there is nobody to tell; name user ids, roles or mail addresses."
        raise OperationRefusedError(message, code=Refusal.WRONG_PARAMETER)
    if not given["template"] and not given["text"]:
        message = "notify: there is nothing to tell; give a template or a text."
        raise OperationRefusedError(message, code=Refusal.WRONG_PARAMETER)
    told = {name: given[name] for name in ("template", "text", "link") if given[name]}
    exclude = _names_in(given["exclude"])
    payload = {**(given["facts"] or {}), **told, "to": to}
    if exclude:
        payload["exclude"] = exclude
    context.effects.append(Effect(EffectKind.NOTICE, payload))
    return {"to": to}


def _names_in(value: Any) -> list[str]:
    """Read one name, several in a text, or a list of them."""
    if value is None:
        return []
    parts: Iterable[Any] = value if isinstance(value, list) else str(value).split(",")
    return [text for part in parts if part is not None and (text := str(part).strip())]


EFFECT_OPERATIONS = (_start_process, _send_message, _notify)
