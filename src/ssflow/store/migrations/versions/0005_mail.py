"""Mails on their way out."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(length=40)


def upgrade() -> None:
    op.create_table(
        "mail",
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("task_id", sa.Uuid()),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name="fk_mail_user_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name="fk_mail_instance_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("source_id", "address", name="uq_mail_source_id_address"),
        sa.PrimaryKeyConstraint("id", name="pk_mail"),
    )
    op.create_index("ix_mail_state_created_at", "mail", ["state", "created_at"])
    op.create_index("ix_mail_user_id_created_at", "mail", ["user_id", "created_at"])
    op.create_index("ix_mail_task_id", "mail", ["task_id"])
    op.create_index("ix_mail_instance_id", "mail", ["instance_id"])
