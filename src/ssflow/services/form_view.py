"""A form as a page or a program needs it: the layout, what is filled in, and what surrounds it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ssflow.domain.instance import ProcessInstance
from ssflow.forms.context import FormContext
from ssflow.forms.layout import Layout
from ssflow.services.choices import choices_for
from ssflow.services.working_days import calendar_of
from ssflow.store.unit_of_work import UnitOfWork


class DataOnDemand(Mapping[str, Any]):
    """Data that is read when somebody first looks into it: many forms never do."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        self._read = read
        self._data: Mapping[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        """Give one value."""
        return self._loaded()[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._loaded())

    def __len__(self) -> int:
        """Count the names."""
        return len(self._loaded())

    def _loaded(self) -> Mapping[str, Any]:
        if self._data is None:
            self._data = self._read()
        return self._data


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
    """Gather what surrounds a form for the actor of this work; of a case, its files too."""
    calendar = calendar_of(work)
    return FormContext(
        variables=variables,
        today=calendar.local_date(work.now),
        language=work.actor.language,
        choices=choices_for(work, instance.id if instance else None),
        translate=work.translate,
        timezone=calendar.timezone,
    )
