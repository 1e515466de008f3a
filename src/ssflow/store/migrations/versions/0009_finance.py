"""Budgets: lines, commitments, amendments, monthly control and cost entries."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(length=40)
_MONEY = sa.Numeric(14, 2).with_variant(sa.BigInteger(), "sqlite")
_STANDS = sa.text("state NOT IN ('rejected', 'cancelled')")


def upgrade() -> None:
    _budget()
    _budget_line()
    _commitment()
    _budget_amendment()
    _budget_period()
    _variance_note()
    _cost_entry()


def _budget() -> None:
    op.create_table(
        "budget",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("continuation", sa.Boolean(), nullable=False),
        sa.Column("continued_lines", sa.JSON(), nullable=False),
        sa.Column("ceilings", sa.JSON(), nullable=False),
        sa.Column("guidelines", sa.JSON(), nullable=False),
        sa.Column("approved_on", sa.Date()),
        sa.Column("ended_reason", sa.Text()),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_budget"),
        sa.UniqueConstraint("number", name="uq_budget_number"),
    )
    op.create_index("ix_budget_instance_id", "budget", ["instance_id"])
    op.create_index(
        "uq_budget_standing_year",
        "budget",
        ["fiscal_year"],
        unique=True,
        sqlite_where=_STANDS,
        postgresql_where=_STANDS,
    )


def _budget_line() -> None:
    op.create_table(
        "budget_line",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("category", _WORD, nullable=False),
        sa.Column("budget_class", _WORD, nullable=False),
        sa.Column("holder", sa.Uuid()),
        sa.Column("service_id", sa.Uuid()),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("former_amount", _MONEY),
        sa.Column("frozen", _MONEY, nullable=False),
        sa.Column("phasing", sa.JSON(), nullable=False),
        sa.Column("business_case_id", sa.Uuid()),
        sa.Column("initiative", sa.Uuid()),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("defaulted", sa.Boolean(), nullable=False),
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("is_funded", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name="fk_budget_line_budget_id"),
        sa.ForeignKeyConstraint(
            ["business_case_id"], ["business_case.id"], name="fk_budget_line_business_case_id"
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name="fk_budget_line_service_id"),
        sa.PrimaryKeyConstraint("id", name="pk_budget_line"),
    )
    op.create_index(
        "ix_budget_line_budget_id_budget_class", "budget_line", ["budget_id", "budget_class"]
    )
    op.create_index("ix_budget_line_holder", "budget_line", ["holder"])


def _commitment() -> None:
    op.create_table(
        "commitment",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("proposal_id", sa.Uuid()),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("released_at", _MOMENT),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["budget_line.id"], name="fk_commitment_line_id"),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["service_proposal.id"], name="fk_commitment_proposal_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_commitment"),
    )
    op.create_index("ix_commitment_line_id", "commitment", ["line_id"])
    op.create_index("ix_commitment_proposal_id", "commitment", ["proposal_id"])


def _budget_amendment() -> None:
    op.create_table(
        "budget_amendment",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("budget_class", _WORD, nullable=False),
        sa.Column("from_line_id", sa.Uuid()),
        sa.Column("to_line_id", sa.Uuid()),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid()),
        sa.Column("decision_id", sa.Uuid()),
        sa.Column("budget_version", sa.Integer()),
        sa.Column("applied_on", sa.Date()),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name="fk_budget_amendment_budget_id"),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name="fk_budget_amendment_decision_id"
        ),
        sa.ForeignKeyConstraint(
            ["from_line_id"], ["budget_line.id"], name="fk_budget_amendment_from_line_id"
        ),
        sa.ForeignKeyConstraint(
            ["to_line_id"], ["budget_line.id"], name="fk_budget_amendment_to_line_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_budget_amendment"),
        sa.UniqueConstraint("number", name="uq_budget_amendment_number"),
    )
    op.create_index("ix_budget_amendment_budget_id", "budget_amendment", ["budget_id"])
    op.create_index("ix_budget_amendment_instance_id", "budget_amendment", ["instance_id"])


def _budget_period() -> None:
    op.create_table(
        "budget_period",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("accruals", sa.JSON(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("signed_by", sa.Uuid()),
        sa.Column("signed_at", _MOMENT),
        sa.Column("certificate_no", sa.Text()),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budget.id"], name="fk_budget_period_budget_id"),
        sa.PrimaryKeyConstraint("id", name="pk_budget_period"),
        sa.UniqueConstraint("budget_id", "period", name="uq_budget_period_budget_id_period"),
    )
    op.create_index("ix_budget_period_period", "budget_period", ["period"])


def _variance_note() -> None:
    op.create_table(
        "variance_note",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("rag", sa.Text(), nullable=False),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("variance", _MONEY, nullable=False),
        sa.Column("cause", sa.Text()),
        sa.Column("nature", sa.Text()),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outlook_year", _MONEY),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("request_amount", _MONEY),
        sa.Column("from_line_id", sa.Uuid()),
        sa.Column("explained_by", sa.Uuid()),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["from_line_id"], ["budget_line.id"], name="fk_variance_note_from_line_id"
        ),
        sa.ForeignKeyConstraint(["line_id"], ["budget_line.id"], name="fk_variance_note_line_id"),
        sa.PrimaryKeyConstraint("id", name="pk_variance_note"),
        sa.UniqueConstraint("line_id", "period", name="uq_variance_note_line_id_period"),
    )


def _cost_entry() -> None:
    op.create_table(
        "cost_entry",
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("booking_date", sa.Date(), nullable=False),
        sa.Column("gl", sa.Text(), nullable=False),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("category", _WORD, nullable=False),
        sa.Column("budget_class", _WORD, nullable=False),
        sa.Column("service_id", sa.Uuid()),
        sa.Column("line_id", sa.Uuid()),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["budget_line.id"], name="fk_cost_entry_line_id"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name="fk_cost_entry_service_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cost_entry"),
        sa.UniqueConstraint("document_no", name="uq_cost_entry_document_no"),
    )
    op.create_index(
        "ix_cost_entry_line_id_period_amount", "cost_entry", ["line_id", "period", "amount"]
    )
    op.create_index(
        "ix_cost_entry_period_category_budget_class_amount",
        "cost_entry",
        ["period", "category", "budget_class", "amount"],
    )
    op.create_index("ix_cost_entry_service_id", "cost_entry", ["service_id"])
