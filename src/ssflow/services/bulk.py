"""Many tasks that ask the same: find them, so that they can be decided one after the other."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ssflow.domain.user_task import UserTask
from ssflow.forms.component import Component, ComponentType, flatten
from ssflow.services.definitions import facts_of, load_layout
from ssflow.services.form_view import FormView
from ssflow.services.user_tasks import task_form
from ssflow.store import instances as instance_rows
from ssflow.store import user_tasks as task_rows
from ssflow.store.unit_of_work import UnitOfWork
from ssflow.store.user_tasks import InboxRow, InboxSort, InboxView

DECISION = "decision"
MOST_TASKS = 50
"""How many tasks one page or one request takes on."""
_LOOKED_AT = 200
_PLAIN = (ComponentType.TEXTAREA, ComponentType.TEXTFIELD, ComponentType.DATETIME)


@dataclass(frozen=True)
class AlikeTasks:
    """Open tasks of one activity that ask for the same decision."""

    key: str
    activity_id: str
    name: str
    count: int


@dataclass(frozen=True)
class LikeDecision:
    """One task among many alike, with its form."""

    row: InboxRow
    form: FormView


def alike_among(work: UnitOfWork, rows: Iterable[InboxRow]) -> list[AlikeTasks]:
    """Find the decisions that stand more than once among open tasks, most frequent first."""
    tasks = [row.task for row in rows if row.task.is_open and row.task.form_id]
    counts = Counter((task.key, task.activity_id) for task in tasks)
    first = {(task.key, task.activity_id): task for task in reversed(tasks)}
    return [
        AlikeTasks(key, activity_id, first[key, activity_id].name, count)
        for (key, activity_id), count in counts.most_common()
        if count > 1 and _asks_only_a_decision(work, first[key, activity_id])
    ]


def decisions_alike(work: UnitOfWork, key: str, activity_id: str) -> Sequence[LikeDecision]:
    """List the actor's open tasks of an activity that take nothing but a decision, by due date.

    At most `MOST_TASKS` of those among the 200 tasks of the process that are due first.
    """
    page = task_rows.list_inbox(
        work.session,
        work.actor,
        view=InboxView.ALL,
        sort=InboxSort.DUE,
        key=key,
        limit=_LOOKED_AT,
    )
    alike = (row for row in page.items if row.task.activity_id == activity_id)
    found = (_like_decision(work, row) for row in alike)
    return [one for one in found if one is not None][:MOST_TASKS]


def _like_decision(work: UnitOfWork, row: InboxRow) -> LikeDecision | None:
    form = task_form(work, row.task.id) if row.task.form_id else None
    if form is None or not _takes_only_a_decision(form.layout.components):
        return None
    return LikeDecision(row, form)


def _asks_only_a_decision(work: UnitOfWork, task: UserTask) -> bool:
    instance = instance_rows.get_instance(work.session, task.instance_id)
    deployment_id = facts_of(work.session, instance.definition_id).deployment_id
    layout = load_layout(work.session, deployment_id, task.form_id or "", work.actor.language)
    return _takes_only_a_decision(layout.components)


def _takes_only_a_decision(components: tuple[Component, ...]) -> bool:
    """Tell whether a form asks for a decision, and for nothing else but words and days."""
    asked = [component for component in flatten(components) if component.is_answerable]
    decisions = [c for c in asked if c.key == DECISION and c.options]
    return len(decisions) == 1 and all(c.type in _PLAIN for c in asked if c.key != DECISION)
