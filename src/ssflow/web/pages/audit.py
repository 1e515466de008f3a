"""The audit trail across all cases."""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import ADMIN, AUDITOR
from ssflow.ids import read_id
from ssflow.store import audit as rows
from ssflow.store import people as people_rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.web.access import needs_role
from ssflow.web.history import tell_history
from ssflow.web.names import Names
from ssflow.web.query import find_choice, find_day_end, find_day_start, read_search
from ssflow.web.request_work import request_work

blueprint = Blueprint("audit", __name__, url_prefix="/audit")

PAGE_SIZE = 50


@blueprint.get("")
@needs_role(AUDITOR, ADMIN)
def browse() -> ResponseReturnValue:
    """List what happened, newest first, by person, case, action and day."""
    with request_work(read_only=True) as work:
        return render_template("audit/browse.html", **_facts(work))


def _facts(work: UnitOfWork) -> dict[str, Any]:
    asked = {name: request.args.get(name, "").strip() for name in ("person", "case", "from", "to")}
    action, q, cursor = (
        find_choice(AuditAction, "action"),
        read_search(),
        request.args.get("cursor"),
    )
    page = rows.list_events(
        work.session,
        work.actor,
        instance_id=read_id(asked["case"]),
        actor_key=asked["person"] or None,
        action=action,
        from_=find_day_start("from"),
        to=find_day_end("to"),
        q=q or None,
        cursor=cursor,
        limit=PAGE_SIZE,
    )
    names = Names(work)
    asked |= {"action": action or "", "q": q}
    query: dict[str, Any] = {name: value for name, value in asked.items() if value}
    events, labels = tell_history(names, page.items)
    return {
        "events": events,
        "labels": labels,
        "asked": asked,
        "cursor": cursor,
        "first_url": url_for(".browse", **query),
        "next_url": page.next_cursor and url_for(".browse", **query, cursor=page.next_cursor),
        "actions": list(AuditAction),
        "people": people_rows.list_users(work.session, limit=200).items,
        "names": names,
    }
