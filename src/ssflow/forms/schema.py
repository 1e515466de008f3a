"""The marshmallow schema of the answers that one form, or one row, takes now."""

from marshmallow import RAISE, Schema, fields

from ssflow.forms.answer import Surrounding
from ssflow.forms.answers import build_answer
from ssflow.forms.component import Component, ComponentType, flatten
from ssflow.forms.context import FormContext
from ssflow.forms.state import ScopeState, is_required


class AnswersSchema(Schema):
    """Takes the given answers and refuses what the form did not ask for.

    One class serves every form: making a class a form, as `from_dict` does, costs more than
    reading its answers.
    """

    class Meta:
        """Options of marshmallow."""

        unknown = RAISE

    def __init__(self, answers: dict[str, fields.Field[object]]) -> None:
        self._declared_fields = answers
        super().__init__()


def build_schema(
    components: tuple[Component, ...], state: ScopeState, context: FormContext
) -> Schema:
    """Build the schema of the visible, enabled inputs; editable tables have one for each row."""
    answers: dict[str, fields.Field[object]] = {}
    for component in flatten(components):
        is_list = component.type is ComponentType.DYNAMICLIST
        if component.is_answerable and not is_list and component.id not in state.hidden:
            required = is_required(component, state, context)
            surrounding = Surrounding(context, state.names, is_required=required)
            # Its own prefix keeps a key such as “fields” from hiding what a schema needs itself.
            answers[f"answer_{component.key}"] = build_answer(component, surrounding)
    return AnswersSchema(answers)
