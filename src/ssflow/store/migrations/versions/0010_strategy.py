"""Strategies, their initiatives, and what objectives have to do with them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(length=40)
_MONEY = sa.Numeric(14, 2).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("strategy_id", sa.Uuid()),
        sa.Column("segment", sa.Text()),
        sa.Column("owner", sa.Uuid()),
        sa.Column("actual", sa.Text()),
        sa.Column("rag", _WORD),
    ):
        op.add_column("strategic_objective", column)
    _strategy_document()
    _initiative()


def _strategy_document() -> None:
    op.create_table(
        "strategy_document",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("horizon_from", sa.Date(), nullable=False),
        sa.Column("horizon_to", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("business_strategy", sa.Text(), nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.JSON(), nullable=False)
            for name in ("assessment", "swot", "perspective", "position", "plan", "pattern")
        ),
        sa.Column("impact", sa.JSON(), nullable=False),
        sa.Column("views", sa.JSON(), nullable=False),
        sa.Column("activated_on", sa.Date()),
        sa.Column("ended_on", sa.Date()),
        sa.Column("achieved", sa.Text(), nullable=False),
        sa.Column("lessons", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Uuid()),
        *_record_columns(),
        sa.PrimaryKeyConstraint("id", name="pk_strategy_document"),
        sa.UniqueConstraint("number", name="uq_strategy_document_number"),
    )
    op.create_index("ix_strategy_document_state", "strategy_document", ["state"])
    op.create_index("ix_strategy_document_instance_id", "strategy_document", ["instance_id"])


def _initiative() -> None:
    op.create_table(
        "initiative",
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("strategy_id", sa.Uuid(), nullable=False),
        sa.Column("objective_id", sa.Uuid()),
        sa.Column("owner", sa.Uuid()),
        sa.Column("from_date", sa.Date()),
        sa.Column("to_date", sa.Date()),
        sa.Column("money", _MONEY, nullable=False),
        sa.Column("budget_class", sa.Text(), nullable=False),
        sa.Column("rag", _WORD),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("is_launched", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        *_record_columns(),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategy_document.id"],
            name="fk_initiative_strategy_id",
        ),
        sa.ForeignKeyConstraint(
            ["objective_id"],
            ["strategic_objective.id"],
            name="fk_initiative_objective_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_initiative"),
    )
    op.create_index("ix_initiative_strategy_id", "initiative", ["strategy_id"])


def _record_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
    ]
