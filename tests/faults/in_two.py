"""The control: a web server that completes a task in one transaction and steps in another.

It answers in between, as an engine with a queue between its tasks and its state would.
"""

import json
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from ssflow.cli.surroundings import Installation
from ssflow.domain.audit import AuditAction
from ssflow.domain.identity import Actor
from ssflow.domain.user_task import UserTask
from ssflow.engine.commands import CompleteUserTask
from ssflow.services.advance import advance_instance
from ssflow.services.audit import Entry, record
from ssflow.store import instances as instance_rows
from ssflow.store import user_tasks as task_rows

_COMPLETION = re.compile(r"/api/v1/user-tasks/([0-9a-f-]{36})/completion")


class CompletesInTwo:
    """Answers completions by itself and leaves everything else to the application."""

    def __init__(self, app: Callable[..., Any], here: Installation, actor_id: UUID) -> None:
        self._app = app
        self._here = here
        self._actor = Actor(user_id=actor_id, name="clerk", roles=frozenset({"service_owner"}))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        match = _COMPLETION.fullmatch(environ["PATH_INFO"])
        if match is None:
            answer: Iterable[bytes] = self._app(environ, start_response)
            return answer
        is_new = self._complete(UUID(match[1]))
        start_response("200 OK" if is_new else "409 CONFLICT", [("Content-Type", "text/json")])
        return [json.dumps({"id": match[1]}).encode()]

    def _complete(self, task_id: UUID) -> bool:
        with self._here.work(self._actor) as work:
            task, instance = task_rows.lock_task(work.session, task_id)
            if not task.is_open:
                return False
            task.complete(self._actor, at=work.now)
            told = {"task": str(task.id), "name": task.name, "fields": {}}
            record(
                work,
                AuditAction.TASK_COMPLETED,
                instance,
                activity_id=task.activity_id,
                **told,
            )
            task_rows.save_step(work.session, task, instance)
        threading.Thread(target=self._step, args=(task,)).start()
        return True

    def _step(self, task: UserTask) -> None:
        with self._here.work(self._actor) as work:
            instance = instance_rows.lock_instance(work.session, task.instance_id)
            because = Entry(AuditAction.COMMENT_ADDED, task.activity_id)
            advance_instance(work, instance, CompleteUserTask(task.id, {}), because)
