"""What former attempts said, and many incidents tried again at once."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(length=40)


def upgrade() -> None:
    op.add_column("incident", sa.Column("faults", sa.JSON()))
    op.create_table(
        "bulk_retry",
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_retry"),
    )
    op.create_table(
        "bulk_retry_item",
        sa.Column("bulk_retry_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", _WORD),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("done_at", _MOMENT),
        sa.ForeignKeyConstraint(
            ["bulk_retry_id"],
            ["bulk_retry.id"],
            name="fk_bulk_retry_item_bulk_retry_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
            name="fk_bulk_retry_item_incident_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("bulk_retry_id", "incident_id", name="pk_bulk_retry_item"),
    )
    op.create_index(
        "ix_bulk_retry_item_bulk_retry_id_outcome", "bulk_retry_item", ["bulk_retry_id", "outcome"]
    )
    op.create_index("ix_bulk_retry_item_incident_id", "bulk_retry_item", ["incident_id"])
