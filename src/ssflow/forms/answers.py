"""marshmallow fields that read one answer each, strictly and with sentences for people."""

from ssflow.forms.answer import Answer, Surrounding
from ssflow.forms.choice_answers import ChoiceAnswer, ChoicesAnswer, FilesAnswer
from ssflow.forms.component import Component, ComponentType
from ssflow.forms.value_answers import MomentAnswer, NumberAnswer, TextAnswer, TickAnswer

_ANSWERS: dict[ComponentType, type[Answer]] = {
    ComponentType.TEXTFIELD: TextAnswer,
    ComponentType.TEXTAREA: TextAnswer,
    ComponentType.NUMBER: NumberAnswer,
    ComponentType.DATETIME: MomentAnswer,
    ComponentType.CHECKBOX: TickAnswer,
    ComponentType.RADIO: ChoiceAnswer,
    ComponentType.SELECT: ChoiceAnswer,
    ComponentType.CHECKLIST: ChoicesAnswer,
    ComponentType.TAGLIST: ChoicesAnswer,
    ComponentType.FILEPICKER: FilesAnswer,
}


def build_answer(component: Component, surrounding: Surrounding) -> Answer:
    """Build the field that reads the answer to a component (not a list's: that has rows)."""
    return _ANSWERS[component.type](component, surrounding)
