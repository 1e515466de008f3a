"""How often a job is tried, what its call answered, and which workers live."""

from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _let_jobs_be_tried_differently()
    _let_workers_tell_that_they_live()
    if op.get_bind().dialect.name == "postgresql":
        _add_tables_of_procrastinate()


def _let_jobs_be_tried_differently() -> None:
    op.add_column(
        "job", sa.Column("max_attempts", sa.Integer(), nullable=False, server_default="3")
    )
    op.add_column(
        "job", sa.Column("wait_seconds", sa.Integer(), nullable=False, server_default="2")
    )
    op.add_column("job", sa.Column("answer", sa.JSON()))
    op.add_column("job", sa.Column("was_due_at", _MOMENT))


def _let_workers_tell_that_they_live() -> None:
    op.create_table(
        "worker_heartbeat",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("jobs_done", sa.Integer(), nullable=False),
        sa.Column("median_lateness_ms", sa.Integer()),
        sa.Column("worst_lateness_ms", sa.Integer()),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker_heartbeat"),
    )


def _add_tables_of_procrastinate() -> None:
    """Make the tables of the library that hands jobs over; it is part of the extra `postgres`."""
    schema = files("procrastinate") / "sql" / "schema.sql"
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(schema.read_text(encoding="utf-8"))
