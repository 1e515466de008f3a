"""Messages for instances that wait."""

from typing import Any

from flask.typing import ResponseReturnValue

from ssflow.services import messages
from ssflow.web.access import bearer
from ssflow.web.api.blueprint import repeatable, rest_blueprint
from ssflow.web.api.rest import answer_once
from ssflow.web.api.schemas.events import DeliverySchema, MessageSchema

blueprint = rest_blueprint("messages", "Messages for instances that wait")


@blueprint.post("/messages")
@bearer("work")
@repeatable
@blueprint.arguments(MessageSchema)
@blueprint.response(202, DeliverySchema)
def send(body: dict[str, Any]) -> ResponseReturnValue:
    """Give a message to the one instance that waits for its name and key."""
    told = (body["name"], body["correlation_key"], body["payload"])
    message_id = body["message_id"]
    if not message_id:
        return answer_once(
            DeliverySchema, lambda work: messages.send_message(work, *told), status=202
        )
    return answer_once(
        DeliverySchema,
        lambda work: messages.send_message_once(work, *told, message_id),
        status=202,
    )
