"""Schedules and their runs, overdue tasks that another role may do, and how people get notices."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(length=40)
_ESCALATED = sa.text("status = 'open' AND escalated_to IS NOT NULL")


def upgrade() -> None:
    _schedules()
    _runs()
    _overdue_tasks()
    op.add_column("app_user", sa.Column("notices", _WORD, nullable=False, server_default="at_once"))


def _schedules() -> None:
    op.create_table(
        "schedule",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("timetable", sa.Text(), nullable=False),
        sa.Column("counted_from", _MOMENT, nullable=False),
        sa.Column("next_at", _MOMENT),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("switched_at", _MOMENT),
        sa.Column("switched_by", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("key", name="pk_schedule"),
    )


def _runs() -> None:
    op.create_table(
        "schedule_run",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tick_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("record_kind", sa.Text()),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Text()),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name="fk_schedule_run_instance_id",
            ondelete="SET NULL",
        ),
        sa.UniqueConstraint(
            "key", "tick_at", "record_id", name="uq_schedule_run_key_tick_at_record_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_run"),
    )
    op.create_index("ix_schedule_run_created_at", "schedule_run", ["created_at"])
    op.create_index(
        "ix_schedule_run_key_created_at_id", "schedule_run", ["key", "created_at", "id"]
    )


def _overdue_tasks() -> None:
    op.add_column("user_task", sa.Column("escalated_to", sa.Text()))
    indexes: dict[str, list[str | sa.TextClause]] = {
        "ix_user_task_escalated_due": [
            *("due_at", "id", "escalated_to", "exclude", "role", "status", "assignee")
        ],
        "ix_user_task_escalated_created": ["created_at", "id", "escalated_to"],
        "ix_user_task_escalated_urgency": [
            *(sa.text("(-priority)"), "created_at", "id", "escalated_to")
        ],
    }
    for name, columns in indexes.items():
        op.create_index(
            name,
            "user_task",
            columns,
            sqlite_where=_ESCALATED,
            postgresql_where=_ESCALATED,
        )
