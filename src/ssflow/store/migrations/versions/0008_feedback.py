"""Feedback: complaints, compliments and suggestions."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(length=40)
_MONEY = sa.Numeric(14, 2).with_variant(sa.BigInteger(), "sqlite")
_INDEXES = (
    ("state", "priority"),
    ("sender_key",),
    ("instance_id",),
    ("customer_id",),
    ("service_id", "category"),
)


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("sender", sa.JSON(), nullable=False),
        sa.Column("sender_key", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("customer_id", sa.Uuid()),
        sa.Column("service_id", sa.Uuid()),
        sa.Column("category", sa.Text()),
        sa.Column("severity", sa.Text()),
        sa.Column("priority", sa.Text()),
        sa.Column("occurred_on", sa.Date()),
        sa.Column("desired_remedy", sa.Text(), nullable=False),
        sa.Column("about_user", sa.Uuid()),
        sa.Column("handler", sa.Uuid()),
        sa.Column("acknowledged_at", _MOMENT),
        sa.Column("contacted_at", _MOMENT),
        sa.Column("due_response_at", _MOMENT),
        sa.Column("due_resolution_at", _MOMENT),
        sa.Column("waiting_since", _MOMENT),
        sa.Column("replied_at", _MOMENT),
        sa.Column("closed_at", _MOMENT),
        sa.Column("response_breached", sa.Boolean(), nullable=False),
        sa.Column("resolution_breached", sa.Boolean(), nullable=False),
        sa.Column("upheld", sa.Text()),
        sa.Column("root_cause", sa.Text()),
        sa.Column("remedy", sa.Text()),
        sa.Column("remedy_cost", _MONEY, nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("is_tacit", sa.Boolean(), nullable=False),
        sa.Column("dispute_count", sa.Integer(), nullable=False),
        sa.Column("reopen_count", sa.Integer(), nullable=False),
        sa.Column("merged_into", sa.Uuid()),
        sa.Column("decision_id", sa.Uuid()),
        sa.Column("satisfaction", sa.Integer()),
        sa.Column("praise", sa.JSON(), nullable=False),
        sa.Column("replies", sa.JSON(), nullable=False),
        sa.Column("ended_reason", sa.Text()),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_feedback_customer_id"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name="fk_feedback_service_id"),
        sa.ForeignKeyConstraint(["merged_into"], ["feedback.id"], name="fk_feedback_merged_into"),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name="fk_feedback_decision_id"),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("number", name="uq_feedback_number"),
    )
    for columns in _INDEXES:
        op.create_index("_".join(("ix_feedback", *columns)), "feedback", list(columns))
    op.create_index(
        "ix_feedback_figures",
        "feedback",
        [
            *("kind", "created_at", "service_id", "category", "root_cause"),
            *("due_resolution_at", "response_breached", "resolution_breached"),
        ],
    )
    op.add_column("process_instance", sa.Column("readers", sa.Text()))
    op.create_index(
        "ix_process_instance_confidential",
        "process_instance",
        ["started_at", "id"],
        sqlite_where=sa.text("readers IS NOT NULL"),
        postgresql_where=sa.text("readers IS NOT NULL"),
    )
