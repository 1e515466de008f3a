"""Messages that are kept, what started what, and actions that are left to do."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(length=40)


def upgrade() -> None:
    _messages()
    _links()
    _action_items()


def _messages() -> None:
    op.create_table(
        "message",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("correlation_key", sa.Text()),
        sa.Column("message_id", sa.Text()),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name="fk_message_instance_id",
            ondelete="SET NULL",
        ),
        sa.UniqueConstraint("sender", "message_id", name="uq_message_sender_message_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
    )
    op.create_index("ix_message_expires_at", "message", ["expires_at"])
    op.create_index(
        "ix_message_name_correlation_key_created_at",
        "message",
        ["name", "correlation_key", "created_at"],
    )


def _links() -> None:
    op.create_table(
        "process_link",
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("started_from", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Text()),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name="fk_process_link_instance_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["started_from"],
            ["process_instance.id"],
            name="fk_process_link_started_from",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("instance_id", name="pk_process_link"),
    )
    op.create_index("ix_process_link_started_from", "process_link", ["started_from"])


def _action_items() -> None:
    op.create_table(
        "action_item",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Uuid()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Uuid()),
        sa.Column("due", sa.Date()),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_action_item"),
    )
    op.create_index(
        "ix_action_item_source_type_source_id", "action_item", ["source_type", "source_id"]
    )
    op.create_index("ix_action_item_state_due", "action_item", ["state", "due"])
