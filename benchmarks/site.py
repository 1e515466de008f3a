"""An installation in a folder of its own, reached over REST within this process."""

import io
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ssflow.config import read_config
from ssflow.domain.identity import OPERATOR
from ssflow.services.access_tokens import create_token
from ssflow.services.people import create_user
from ssflow.services.shipped import install_roles
from ssflow.store.database import Database, open_database, upgrade_schema
from ssflow.store.unit_of_work import open_work
from ssflow.web.app import create_app

HERE = Path(__file__).parent
API = "/api/v1"


@dataclass
class Count:
    """What a block of code asked for; `statements`: the SQL texts without BEGIN and settings."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0


@dataclass(frozen=True)
class BenchSite:
    """One user with every right, and a client that sends her token."""

    database: Database
    client: FlaskClient
    headers: Mapping[str, str]
    folder: Path

    def get(self, path: str) -> Any:
        """Read something; gives the JSON of the answer."""
        response = self.client.get(API + path, headers=self.headers)
        assert response.status_code == 200, response.text
        return response.json

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Write something; gives the JSON of the answer."""
        response = self.client.post(API + path, headers=self.headers, json=body or {})
        assert response.status_code < 300, response.text
        return response.json

    def deploy(self, *names: str) -> None:
        """Deploy files of this folder."""
        files = [(io.BytesIO((HERE / name).read_bytes()), name) for name in names]
        response = self.client.post(
            f"{API}/deployments", headers=self.headers, data={"files": files}
        )
        assert response.status_code == 201, response.text

    def start(self, key: str, variables: Mapping[str, Any] | None = None) -> str:
        """Start an instance; gives its id."""
        started = self.post(f"/process-definitions/{key}/instances", {"variables": variables or {}})
        return str(started["id"])

    def open_task(self, instance_id: str) -> str:
        """Find the one open task of an instance."""
        return str(self.get(f"/user-tasks?instance={instance_id}")["items"][0]["id"])

    def complete(self, task_id: str, form: Mapping[str, Any]) -> float:
        """Complete a task; gives the CPU seconds of the server: a client works elsewhere."""
        path = f"{API}/user-tasks/{task_id}/completion"
        request = EnvironBuilder(
            path, method="POST", json=form, headers=list(self.headers.items())
        ).get_environ()
        began = time.process_time()
        body, status, _headers = run_wsgi_app(self.client.application, request)
        answer = b"".join(body)
        seconds = time.process_time() - began
        assert status == "200 OK", answer
        return seconds

    def count_completion(self, task_id: str, form: Mapping[str, Any]) -> Count:
        """Complete a task; gives what it asks of the database (counting slows it: not timed)."""
        with self.counting() as count:
            self.complete(task_id, form)
        return count

    @contextmanager
    def counting(self) -> Iterator[Count]:
        """Count what the database is asked for in a block."""
        count = Count()

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA")):
                count.statements.append(statement)

        def commit(_connection: Any) -> None:
            count.commits += 1

        event.listen(self.database.engine, "before_cursor_execute", note)
        event.listen(self.database.engine, "commit", commit)
        try:
            yield count
        finally:
            event.remove(self.database.engine, "before_cursor_execute", note)
            event.remove(self.database.engine, "commit", commit)


@contextmanager
def bench_site() -> Iterator[BenchSite]:
    """Set up an installation on SQLite that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="ssflow-bench-") as folder:
        config = read_config({"SSFLOW_HOME": folder, "SSFLOW_TIMEZONE": "Europe/Amsterdam"})
        database = open_database(config.database_url)
        upgrade_schema(database)
        now = datetime.now(UTC)
        with open_work(database, actor=OPERATOR, now=now, timezone=config.timezone) as work:
            install_roles(work)
            user = create_user(work, "ann", roles=["admin", "service_owner"])
            token = create_token(work, user.id, "bench").text
        app = create_app(config, database, clock=lambda: datetime.now(UTC))
        headers = {"Authorization": f"Bearer {token}"}
        yield BenchSite(database, app.test_client(), headers, Path(folder))
        database.close()
