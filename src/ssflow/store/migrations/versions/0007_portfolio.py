"""Votes on decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decision", sa.Column("votes", sa.JSON()))
    op.add_column("decision", sa.Column("review_on", sa.Date()))
