"""A form as a page or a program needs it: the layout, what is filled in, and what surrounds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


def form_context(work: UnitOfWork, variables: Mapping[str, Any]) -> FormContext:
    """Gather what surrounds a form for the actor of this work."""
    calendar = calendar_of(work)
    return FormContext(
        variables=variables,
        today=calendar.local_date(work.now),
        language=work.actor.language,
        choices=choices_for(work),
        translate=work.translate,
        timezone=calendar.timezone,
    )
