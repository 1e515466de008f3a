"""The mails that ssflow wrote to the reader, and for operators those to anybody."""

import re
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ssflow.services.mails import list_own_mails, read_mail
from ssflow.web.access import signed_in
from ssflow.web.operation_parts import mail_state_title
from ssflow.web.request_work import request_work
from ssflow.web.site import current_site

blueprint = Blueprint("mails", __name__, url_prefix="/mail")


@blueprint.get("")
@signed_in
def browse() -> ResponseReturnValue:
    """List what was written to the reader."""
    cursor = request.args.get("cursor")
    with request_work(read_only=True) as work:
        page = list_own_mails(work, cursor)
    return render_template(
        "mails/browse.html",
        mails=page.items,
        state_title=mail_state_title,
        cursor=cursor,
        next_url=page.next_cursor and url_for(".browse", cursor=page.next_cursor),
    )


@blueprint.get("/<uuid:mail_id>")
@signed_in
def show(mail_id: UUID) -> ResponseReturnValue:
    """Show a mail as plain text."""
    with request_work(read_only=True) as work:
        mail = read_mail(work, mail_id)
    parts = _around_links(mail.text, current_site().config.base_url)
    return render_template("mails/show.html", mail=mail, parts=parts, state_title=mail_state_title)


def _around_links(text: str, base_url: str) -> list[str]:
    """Split a text at links to pages of ours, which are every second part; others stay text."""
    return re.split(rf"({re.escape(base_url)}/\S*)", text)
