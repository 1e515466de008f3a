"""A form as a page or a program needs it: the layout, what is filled in, and what surrounds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ssflow.domain.instance import ProcessInstance
from ssflow.forms.context import FormContext
from ssflow.forms.layout import Layout
from ssflow.services.choices import choices_for
from ssflow.services.working_days import calendar_of
from ssflow.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class FormView:
    """One form with its prefilled values and the draft that was saved, if any."""

    layout: Layout
    values: Mapping[str, Any]
    draft: Mapping[str, Any] | None
    context: FormContext


def form_context(
    work: UnitOfWork, variables: Mapping[str, Any], instance: ProcessInstance | None = None
) -> FormContext:
    """Gather what surrounds a form for the actor of this work; a case adds its reserved names."""
    calendar = calendar_of(work)
    return FormContext(
        variables={**variables, **_reserved(instance)} if instance else variables,
        today=calendar.local_date(work.now),
        language=work.actor.language,
        choices=choices_for(work, instance.id if instance else None),
        translate=work.translate,
        timezone=calendar.timezone,
    )


def _reserved(instance: ProcessInstance) -> dict[str, Any]:
    return {
        "initiator": instance.started_by,
        "done_by": instance.done_by,
        "business_key": instance.business_key,
    }
