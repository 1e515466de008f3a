"""Messages for instances that wait, or will."""

from typing import Any

from flask.typing import ResponseReturnValue

from ssflow.domain.identity import ADMIN, AUDITOR
from ssflow.services import messages
from ssflow.web.access import bearer
from ssflow.web.api.blueprint import repeatable, rest_blueprint
from ssflow.web.api.rest import answer_once
from ssflow.web.api.schemas.events import (
    DeliverySchema,
    KeptMessageSchema,
    MessageQuerySchema,
    MessageSchema,
)
from ssflow.web.api.schemas.paging import page_of
from ssflow.web.request_work import request_work

blueprint = rest_blueprint("messages", "Messages for instances that wait, or will")


@blueprint.post("/messages")
@bearer("work")
@repeatable
@blueprint.arguments(MessageSchema)
@blueprint.response(202, DeliverySchema)
def send(body: dict[str, Any]) -> ResponseReturnValue:
    """Give a message to the one instance that waits for its name and key, or keep it for one."""
    return answer_once(DeliverySchema, lambda work: messages.send_message(work, **body), status=202)


@blueprint.get("/messages")
@bearer("read", ADMIN, AUDITOR)
@blueprint.arguments(MessageQuerySchema, location="query")
@blueprint.response(200, page_of(KeptMessageSchema))
def list_kept(query: dict[str, Any]) -> Any:
    """List the messages that wait for an instance, newest first."""
    with request_work(read_only=True) as work:
        return messages.list_buffered(work, **query)
