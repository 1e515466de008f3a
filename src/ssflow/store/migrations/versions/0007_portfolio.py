"""Votes, deferred proposals, stage reports, service reviews and retirements."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_MONEY = sa.Numeric(14, 2).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    op.add_column("decision", sa.Column("votes", sa.JSON()))
    op.add_column("decision", sa.Column("review_on", sa.Date()))
    for column in (
        sa.Column("review_due", sa.Date()),
        sa.Column("investment", sa.Text()),
        sa.Column("end_date", sa.Date()),
        sa.Column("replacement_id", sa.Uuid()),
    ):
        op.add_column("service", column)
    proposal_columns: tuple[sa.Column[object], ...] = (
        sa.Column("source", sa.Text()),
        sa.Column("source_ref", sa.Text()),
        sa.Column("route", sa.JSON()),
        sa.Column("rework_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("defer_until", sa.Date()),
    )
    for proposal_column in proposal_columns:
        op.add_column("service_proposal", proposal_column)
    op.add_column("charter", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    _stage_reports()
    _service_reviews()


def _stage_reports() -> None:
    op.create_table(
        "stage_report",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("done", sa.Text(), nullable=False),
        sa.Column("issues", sa.Text(), nullable=False),
        sa.Column("spent", _MONEY, nullable=False),
        sa.Column("forecast", _MONEY, nullable=False),
        sa.Column("budget", _MONEY, nullable=False),
        sa.Column("overrun_pct", _MONEY),
        sa.Column("milestone", sa.Date()),
        sa.Column("finish", sa.Date()),
        sa.Column("slip_days", sa.Integer(), nullable=False),
        sa.Column("recommend_stop", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("gate", sa.Text()),
        sa.Column("instance_id", sa.Uuid()),
        *_record_columns(),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["service_proposal.id"], name="fk_stage_report_proposal_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stage_report"),
    )
    op.create_index("ix_stage_report_proposal_id", "stage_report", ["proposal_id"])


def _service_reviews() -> None:
    op.create_table(
        "service_review",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=False),
        sa.Column("value_score", sa.Integer(), nullable=False),
        sa.Column("tech_score", sa.Integer(), nullable=False),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.Column("yearly_cost", _MONEY, nullable=False),
        sa.Column("yearly_benefit", _MONEY, nullable=False),
        sa.Column("ratio", _MONEY),
        sa.Column("benefit_realised_pct", _MONEY),
        sa.Column("outcome_still_needed", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("proposed", sa.Text(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("investment", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Uuid()),
        *_record_columns(),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_service_review_service_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_service_review"),
    )
    op.create_index("ix_service_review_service_id", "service_review", ["service_id"])
    op.create_index("ix_service_review_instance_id", "service_review", ["instance_id"])


def _record_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
    ]
