"""The forms with which an administrator adds and changes records that processes refer to."""

from collections.abc import Mapping
from typing import Any

from ssflow.forms.layout import Layout, read_layout

_Component = dict[str, Any]


def register_form(kind: str) -> Layout | None:
    """Give the form of a kind of record, or None when only processes may write that kind."""
    return _FORMS.get(kind)


def maintained_kinds() -> tuple[str, ...]:
    """List the kinds of records that an administrator maintains by hand."""
    return tuple(_FORMS)


def _text(key: str, label: str, *, required: bool = False, most: int = 200) -> _Component:
    validate = {"required": required, "maxLength": most}
    return {"type": "textfield", "key": key, "label": label, "validate": validate}


def _select(key: str, label: str, options: Mapping[str, str], default: str) -> _Component:
    return {
        "type": "select",
        "key": key,
        "label": label,
        "defaultValue": default,
        "validate": {"required": True},
        "values": [{"value": value, "label": text} for value, text in options.items()],
    }


def _date(key: str, label: str, *, required: bool = False) -> _Component:
    return {
        "type": "datetime",
        "subtype": "date",
        "key": key,
        "dateLabel": label,
        "validate": {"required": required},
    }


def _user(key: str, label: str, role: str) -> _Component:
    properties = {"type": "user", "role": role}
    return {"type": "select", "key": key, "label": label, "properties": properties}


def _ref(key: str, label: str, entity: str, *, required: bool = False) -> _Component:
    return {
        "type": "select",
        "key": key,
        "label": label,
        "validate": {"required": required},
        "properties": {"type": "ref", "entity": entity},
    }


def _form(kind: str, title: str, *components: _Component) -> Layout:
    return read_layout(
        {
            "id": f"register_{kind}",
            "type": "default",
            "title": title,
            "schemaVersion": 18,
            "components": list(components),
        }
    )


_FORMS = {
    "Customer": _form(
        "Customer",
        "Customer",
        _text("name", "Name", required=True),
        _select(
            "kind", "Kind", {"internal": "Internal", "external": "External"}, default="internal"
        ),
        _select("tier", "Attention", {"standard": "Standard", "key": "Key customer"}, "standard"),
        _ref("parent_id", "Part of", "Customer"),
        _user("mandate_holder", "Who decides and pays", "customer"),
        _user("brm", "Business relationship manager", "brm"),
        _text("cost_centre", "Cost centre"),
        _select(
            "status", "Status", {"lead": "Lead", "active": "Active", "ended": "Ended"}, "active"
        ),
        _date("next_review", "Next review"),
    ),
    "StrategicObjective": _form(
        "StrategicObjective",
        "Strategic objective",
        _text("text", "Objective", required=True, most=500),
        _text("kpi", "Measure"),
        _text("baseline", "Now"),
        _text("target", "Target"),
        _date("by", "By"),
        _select("status", "Status", {"active": "Active", "ended": "Ended"}, "active"),
    ),
    "MarketSegment": _form(
        "MarketSegment",
        "Market segment",
        _text("name", "Name", required=True),
        _text("kind", "Kind"),
        _text("needs", "Needs", most=1000),
    ),
    "Holiday": _form(
        "Holiday",
        "Holiday",
        _date("day", "Day", required=True),
        _text("name", "Name", required=True),
    ),
    "ServiceAsset": _form(
        "ServiceAsset",
        "Service asset",
        _ref("service_id", "Service", "Service", required=True),
        _text("name", "Name", required=True),
        _text("kind", "Kind"),
        _user("owner", "Owner", "service_owner"),
        _text("disposition", "What becomes of it"),
    ),
}
