"""How often a job is tried, what its call answered, and which workers live."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "job", sa.Column("max_attempts", sa.Integer(), nullable=False, server_default="3")
    )
    op.add_column(
        "job", sa.Column("wait_seconds", sa.Integer(), nullable=False, server_default="2")
    )
    op.add_column("job", sa.Column("answer", sa.JSON()))
