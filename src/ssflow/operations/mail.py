"""`mail.send`: the parameters of a mail that a diagram sends."""

from typing import Any

from marshmallow import fields
from marshmallow.validate import Length, OneOf

from ssflow.domain.base import JsonValue
from ssflow.operations.letters import MAX_SUBJECT_CHARACTERS, template_names
from ssflow.operations.outside import OutsideContext, outside_operation

MAX_TEXT_CHARACTERS = 50_000
MAX_ADDRESSEES = 1_000
LANGUAGES = ("en", "nl", "sv")


def _hand_over(_context: OutsideContext, _prepared: Any) -> JsonValue:
    """Call nobody yet: each mail leaves by a job of its own."""
    return None


MAIL_SEND = outside_operation(
    "mail.send",
    "Send a mail",
    reach=_hand_over,
    parameters={
        "to": fields.Raw(required=True),
        "template": fields.String(load_default="text", validate=OneOf(sorted(template_names()))),
        "subject": fields.String(
            load_default=None, allow_none=True, validate=Length(1, 5 * MAX_SUBJECT_CHARACTERS)
        ),
        "text": fields.String(
            load_default=None, allow_none=True, validate=Length(1, MAX_TEXT_CHARACTERS)
        ),
        "facts": fields.Dict(keys=fields.String(), load_default=None, allow_none=True),
        "attachments": fields.List(fields.UUID(), load_default=None, allow_none=True),
        "exclude": fields.Raw(load_default=None, allow_none=True),
        "language": fields.String(
            load_default=None, allow_none=True, validate=OneOf((*LANGUAGES, None))
        ),
    },
)
"""Sends each addressee one mail; the case goes on when all have left."""
