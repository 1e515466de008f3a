"""The first schema. There is no way back from it but a backup."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(length=40)
_MONEY = sa.Numeric(14, 2).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    _people()
    _definitions()
    _instances()
    _notes()
    _audit()
    _customers()
    _portfolio()
    for statement in _TRIGGERS[op.get_context().dialect.name]:
        op.execute(statement)


def _people() -> None:
    op.create_table(
        "app_user",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text()),
        sa.Column("password", sa.Text()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("certificate_no", sa.Text()),
        sa.Column("certified_until", sa.Date()),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_app_user"),
        sa.UniqueConstraint("name", name="uq_app_user_name"),
        sa.UniqueConstraint("session_key", name="uq_app_user_session_key"),
    )
    op.create_table(
        "idempotent_answer",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_idempotent_answer"),
        sa.UniqueConstraint("user_id", "key", name="uq_idempotent_answer_user_id_key"),
    )
    op.create_index("ix_idempotent_answer_created_at", "idempotent_answer", ["created_at"])
    op.create_table(
        "role",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_role"),
    )
    op.create_table(
        "sign_in_throttle",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until", _MOMENT, nullable=False),
        sa.Column("last_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_sign_in_throttle"),
    )
    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("token_hash", name="pk_web_session"),
    )
    op.create_index("ix_web_session_user_id", "web_session", ["user_id"])
    op.create_table(
        "access_token",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("scopes", sa.Text()),
        sa.Column("expires_at", _MOMENT),
        sa.Column("revoked_at", _MOMENT),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name="fk_access_token_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_access_token"),
        sa.UniqueConstraint("prefix", name="uq_access_token_prefix"),
    )
    op.create_index("ix_access_token_user_id", "access_token", ["user_id"])
    op.create_table(
        "one_time_link",
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("used_at", _MOMENT),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name="fk_one_time_link_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("secret_hash", name="pk_one_time_link"),
    )
    op.create_table(
        "role_grant",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid()),
        sa.Column("service_id", sa.Uuid()),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_to", sa.Date()),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["role"], ["role.key"], name="fk_role_grant_role"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name="fk_role_grant_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_role_grant"),
    )
    op.create_index("ix_role_grant_role", "role_grant", ["role"])
    op.create_index("ix_role_grant_user_id_role", "role_grant", ["user_id", "role"])


def _definitions() -> None:
    op.create_table(
        "deployment",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("deployed_at", _MOMENT, nullable=False),
        sa.Column("deployed_by", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deployment"),
        sa.UniqueConstraint("sha256", name="uq_deployment_sha256"),
    )
    op.create_table(
        "draft",
        sa.Column("process_key", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("base_deployment_id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
        sa.UniqueConstraint("process_key", "file", name="uq_draft_process_key_file"),
    )
    op.create_table(
        "deployed_file",
        sa.Column("deployment_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.id"], name="fk_deployed_file_deployment_id"
        ),
        sa.PrimaryKeyConstraint("deployment_id", "name", name="pk_deployed_file"),
    )
    op.create_table(
        "process_definition",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Uuid(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("closure_sha256", sa.Text(), nullable=False),
        sa.Column("deployed_at", _MOMENT, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("called", sa.JSON(), nullable=False),
        sa.Column("starters", sa.Text(), nullable=False),
        sa.Column("viewers", sa.Text(), nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.id"], name="fk_process_definition_deployment_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_process_definition"),
        sa.UniqueConstraint("key", "version", name="uq_process_definition_key_version"),
    )
    op.create_index("ix_process_definition_deployment_id", "process_definition", ["deployment_id"])
    op.create_index("ix_process_definition_is_latest", "process_definition", ["is_latest"])


def _instances() -> None:
    op.create_table(
        "process_instance",
        sa.Column("definition_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("business_key", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("end_event", sa.Text()),
        sa.Column("open_incidents", sa.Integer(), nullable=False),
        sa.Column("done_by", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("audit_seq", sa.Integer(), nullable=False),
        sa.Column("audit_hash", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.LargeBinary()),
        sa.Column("final_variables", sa.JSON()),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["process_definition.id"], name="fk_process_instance_definition_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_process_instance"),
    )
    op.create_index("ix_process_instance_definition_id", "process_instance", ["definition_id"])
    op.create_index(
        "ix_process_instance_key_business_key", "process_instance", ["key", "business_key"]
    )
    op.create_index("ix_process_instance_started_at_id", "process_instance", ["started_at", "id"])
    op.create_index(
        "ix_process_instance_started_by_started_at_id",
        "process_instance",
        ["started_by", "started_at", "id"],
    )
    op.create_index(
        "ix_process_instance_status_started_at_id",
        "process_instance",
        ["status", "started_at", "id"],
    )
    op.create_table(
        "incident",
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("line", sa.Integer()),
        sa.Column("source_line", sa.Text()),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("resolved_at", _MOMENT),
        sa.Column("resolved_by", sa.Uuid()),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name="fk_incident_instance_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index("ix_incident_instance_id", "incident", ["instance_id"])
    op.create_index("ix_incident_status_created_at", "incident", ["status", "created_at"])
    op.create_table(
        "job",
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("due_at", _MOMENT),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("task_id", sa.Uuid()),
        sa.Column("activity_id", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name="fk_job_instance_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_index("ix_job_due_at", "job", ["due_at"])
    op.create_index("ix_job_instance_id", "job", ["instance_id"])
    op.create_index("ix_job_task_id", "job", ["task_id"])
    op.create_table(
        "message_subscription",
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("correlation_key", sa.Text()),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name="fk_message_subscription_instance_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message_subscription"),
    )
    op.create_index("ix_message_subscription_instance_id", "message_subscription", ["instance_id"])
    op.create_index(
        "ix_message_subscription_name_correlation_key",
        "message_subscription",
        ["name", "correlation_key"],
    )
    op.create_table(
        "user_task",
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text()),
        sa.Column("assignee", sa.Uuid()),
        sa.Column("is_fixed", sa.Boolean(), nullable=False),
        sa.Column("exclude", sa.Text(), nullable=False),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("due_at", _MOMENT),
        sa.Column("remind_at", _MOMENT),
        sa.Column("escalate_to", sa.Text()),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Text()),
        sa.Column("variable_name", sa.Text()),
        sa.Column("claimed_at", _MOMENT),
        sa.Column("completed_at", _MOMENT),
        sa.Column("completed_by", sa.Uuid()),
        sa.Column("instructions", sa.Text()),
        sa.Column("draft", sa.JSON()),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name="fk_user_task_instance_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_user_task"),
    )
    op.create_index("ix_user_task_done", "user_task", ["completed_by", "completed_at", "id"])
    op.create_index("ix_user_task_instance", "user_task", ["instance_id"])
    was_lost = sa.text("status = 'cancelled' AND assignee IS NOT NULL")
    op.create_index(
        "ix_user_task_lost",
        "user_task",
        ["assignee"],
        sqlite_where=was_lost,
        postgresql_where=was_lost,
    )
    _inbox_indexes("mine", "assignee", "status = 'open' AND assignee IS NOT NULL", ["status"])
    _inbox_indexes(
        "offered",
        "role",
        "status = 'open' AND assignee IS NULL",
        ["exclude", "status", "assignee"],
    )


def _inbox_indexes(name: str, whose: str, condition: str, counted: list[str]) -> None:
    where = sa.text(condition)
    sorts: dict[str, list[str | sa.TextClause]] = {
        "due": ["due_at", "id", *counted],
        "created": ["created_at", "id"],
        "urgency": [sa.text("(-priority)"), "created_at", "id"],
    }
    for sort, columns in sorts.items():
        op.create_index(
            f"ix_user_task_{name}_{sort}",
            "user_task",
            [whose, *columns],
            sqlite_where=where,
            postgresql_where=where,
        )


def _notes() -> None:
    op.create_table(
        "attachment",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", _MOMENT, nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("task_id", sa.Uuid()),
        sa.Column("field", sa.Text()),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name="fk_attachment_instance_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attachment"),
    )
    op.create_index("ix_attachment_instance_id", "attachment", ["instance_id"])
    op.create_index("ix_attachment_task_id", "attachment", ["task_id"])
    op.create_table(
        "comment",
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["process_instance.id"],
            name="fk_comment_instance_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_comment"),
    )
    op.create_index("ix_comment_instance_id_created_at", "comment", ["instance_id", "created_at"])


def _audit() -> None:
    op.create_table(
        "audit_event",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", _WORD, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("activity_id", sa.Text()),
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_audit_event"),
        sa.UniqueConstraint("stream", "seq", name="uq_audit_event_stream_seq"),
    )
    op.create_index("ix_audit_event_actor_id", "audit_event", ["actor", "id"])
    op.create_index("ix_audit_event_at", "audit_event", ["at"])


def _customers() -> None:
    op.create_table(
        "customer",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("tier", _WORD, nullable=False),
        sa.Column("parent_id", sa.Uuid()),
        sa.Column("brm", sa.Uuid()),
        sa.Column("mandate_holder", sa.Uuid()),
        sa.Column("mandate_accepted_at", _MOMENT),
        sa.Column("cost_centre", sa.Text()),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("next_review", sa.Date()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["customer.id"], name="fk_customer_parent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_customer"),
        sa.UniqueConstraint("name", name="uq_customer_name"),
    )
    op.create_table(
        "holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_holiday"),
        sa.UniqueConstraint("day", name="uq_holiday_day"),
    )
    op.create_table(
        "market_segment",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("needs", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_market_segment"),
        sa.UniqueConstraint("name", name="uq_market_segment_name"),
    )
    op.create_table(
        "strategic_objective",
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("baseline", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("by", sa.Date()),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_strategic_objective"),
        sa.UniqueConstraint("text", name="uq_strategic_objective_text"),
    )
    op.create_table(
        "customer_role",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_to", sa.Date()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name="fk_customer_role_customer_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customer_role"),
    )
    op.create_index("ix_customer_role_customer_id", "customer_role", ["customer_id"])
    op.create_index("ix_customer_role_user_id", "customer_role", ["user_id"])


def _portfolio() -> None:
    op.create_table(
        "decision",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=False),
        sa.Column("conditions", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("decider", sa.Uuid()),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
        sa.UniqueConstraint("number", name="uq_decision_number"),
    )
    op.create_index("ix_decision_subject_id", "decision", ["subject_id"])
    op.create_table(
        "document",
        sa.Column("owner_type", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("retention_until", sa.Date()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_document"),
    )
    op.create_index("ix_document_owner_id", "document", ["owner_id"])
    op.create_table(
        "number_series",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", "year", name="pk_number_series"),
    )
    op.create_table(
        "service",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Uuid()),
        sa.Column("customer_id", sa.Uuid()),
        sa.Column("utility", sa.Text()),
        sa.Column("availability_pct", _MONEY),
        sa.Column("rto_hours", sa.Integer()),
        sa.Column("security_class", sa.Text()),
        sa.Column("capacity_note", sa.Text()),
        sa.Column("conditions", sa.Text()),
        sa.Column("investment_ceiling", _MONEY),
        sa.Column("charge_model", sa.Text()),
        sa.Column("catalogue_text", sa.Text()),
        sa.Column("live_on", sa.Date()),
        sa.Column("benefit_review_due", sa.Date()),
        sa.Column("retired_on", sa.Date()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_service_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_service"),
        sa.UniqueConstraint("number", name="uq_service_number"),
    )
    op.create_index("ix_service_state", "service", ["state"])
    op.create_table(
        "service_asset",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Uuid()),
        sa.Column("disposition", sa.Text()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name="fk_service_asset_service_id"),
        sa.PrimaryKeyConstraint("id", name="pk_service_asset"),
    )
    op.create_index("ix_service_asset_service_id", "service_asset", ["service_id"])
    op.create_table(
        "service_dependency",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["other_id"], ["service.id"], name="fk_service_dependency_other_id"
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_service_dependency_service_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_service_dependency"),
        sa.UniqueConstraint(
            "service_id", "other_id", "kind", name="uq_service_dependency_service_id_other_id_kind"
        ),
    )
    op.create_table(
        "service_objective",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("objective_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["objective_id"], ["strategic_objective.id"], name="fk_service_objective_objective_id"
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_service_objective_service_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_service_objective"),
        sa.UniqueConstraint(
            "service_id", "objective_id", name="uq_service_objective_service_id_objective_id"
        ),
    )
    op.create_table(
        "service_proposal",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("change_type", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("need_source", sa.Text()),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("wanted_by", sa.Date()),
        sa.Column("service_id", sa.Uuid()),
        sa.Column("customer_id", sa.Uuid()),
        sa.Column("initiator", sa.Uuid()),
        sa.Column("owner", sa.Uuid()),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("ended_reason", sa.Text()),
        sa.Column("duplicate_of", sa.Uuid()),
        sa.Column("instance_id", sa.Uuid()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name="fk_service_proposal_customer_id"
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_service_proposal_service_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_service_proposal"),
        sa.UniqueConstraint("number", name="uq_service_proposal_number"),
    )
    op.create_index("ix_service_proposal_instance_id", "service_proposal", ["instance_id"])
    op.create_index("ix_service_proposal_service_id", "service_proposal", ["service_id"])
    op.create_index("ix_service_proposal_state", "service_proposal", ["state"])
    op.create_table(
        "business_case",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("methods_assumptions", sa.Text(), nullable=False),
        sa.Column("business_impacts", sa.Text(), nullable=False),
        sa.Column("risks_contingencies", sa.Text(), nullable=False),
        sa.Column("recommendations", sa.Text(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("desired_outcomes", sa.JSON(), nullable=False),
        sa.Column("costs", sa.JSON(), nullable=False),
        sa.Column("benefits", sa.JSON(), nullable=False),
        sa.Column("tco3", _MONEY, nullable=False),
        sa.Column("benefit3", _MONEY, nullable=False),
        sa.Column("npv", _MONEY, nullable=False),
        sa.Column("roi_pct", _MONEY),
        sa.Column("payback_months", sa.Integer()),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("score", _MONEY),
        sa.Column("risk_level", sa.Text()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["service_proposal.id"], name="fk_business_case_proposal_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_business_case"),
        sa.UniqueConstraint("proposal_id", "version", name="uq_business_case_proposal_id_version"),
    )
    op.create_table(
        "charter",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("deliverables", sa.Text(), nullable=False),
        sa.Column("conditions", sa.Text()),
        sa.Column("budget", _MONEY, nullable=False),
        sa.Column("milestones", sa.JSON(), nullable=False),
        sa.Column("growth", sa.JSON(), nullable=False),
        sa.Column("service_owner", sa.Uuid()),
        sa.Column("benefit_owner", sa.Uuid()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["service_proposal.id"], name="fk_charter_proposal_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_charter"),
    )
    op.create_index("ix_charter_proposal_id", "charter", ["proposal_id"])
    op.create_table(
        "resource_allocation",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date()),
        sa.Column("ends_on", sa.Date()),
        sa.Column("owner", sa.Text()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["service_proposal.id"], name="fk_resource_allocation_proposal_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_resource_allocation"),
    )
    op.create_index("ix_resource_allocation_proposal_id", "resource_allocation", ["proposal_id"])
    op.create_table(
        "risk_item",
        sa.Column("risk", sa.Text(), nullable=False),
        sa.Column("likelihood", sa.Integer(), nullable=False),
        sa.Column("impact", sa.Integer(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("mitigation", sa.Text(), nullable=False),
        sa.Column("contingency", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("proposal_id", sa.Uuid()),
        sa.Column("service_id", sa.Uuid()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("updated_at", _MOMENT),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["service_proposal.id"], name="fk_risk_item_proposal_id"
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name="fk_risk_item_service_id"),
        sa.PrimaryKeyConstraint("id", name="pk_risk_item"),
    )
    op.create_index("ix_risk_item_proposal_id", "risk_item", ["proposal_id"])


_SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event BEGIN
      SELECT RAISE(ABORT, 'audit_event is append-only');
    END
    """,
    """
    CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event BEGIN
      SELECT RAISE(ABORT, 'audit_event is append-only');
    END
    """,
    # Without recursive_triggers, REPLACE would delete past the trigger above.
    """
    CREATE TRIGGER audit_event_no_replace BEFORE INSERT ON audit_event
    WHEN EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id)
      OR EXISTS (SELECT 1 FROM audit_event WHERE stream = NEW.stream AND seq >= NEW.seq)
    BEGIN
      SELECT RAISE(ABORT, 'audit_event is append-only');
    END
    """,
    """
    CREATE TRIGGER audit_event_chain BEFORE INSERT ON audit_event
    WHEN NEW.seq < 1
      OR NEW.seq > coalesce((SELECT max(seq) FROM audit_event WHERE stream = NEW.stream), 0) + 1
      OR NEW.prev <> coalesce(
           (SELECT hash FROM audit_event WHERE stream = NEW.stream AND seq = NEW.seq - 1),
           zeroblob(32))
    BEGIN
      SELECT RAISE(ABORT, 'audit_event must continue its chain');
    END
    """,
)

_POSTGRESQL_TRIGGERS = (
    """
    CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE FUNCTION audit_event_continue() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      last_seq integer;
      last_hash bytea;
    BEGIN
      SELECT seq, hash INTO last_seq, last_hash FROM audit_event
        WHERE stream = NEW.stream ORDER BY seq DESC LIMIT 1;
      IF NOT FOUND THEN
        last_seq := 0;
        last_hash := decode(repeat('00', 32), 'hex');
      END IF;
      -- A number that is taken already is left to the unique constraint, which tells a lost race.
      IF NEW.seq < 1 OR NEW.seq > last_seq + 1
         OR (NEW.seq = last_seq + 1 AND NEW.prev <> last_hash) THEN
        RAISE EXCEPTION 'audit_event must continue its chain' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER audit_event_no_change BEFORE UPDATE OR DELETE ON audit_event
      FOR EACH ROW EXECUTE FUNCTION audit_event_refuse()
    """,
    """
    CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
      FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse()
    """,
    """
    CREATE TRIGGER audit_event_chain BEFORE INSERT ON audit_event
      FOR EACH ROW EXECUTE FUNCTION audit_event_continue()
    """,
    # Even where session_replication_role would switch ordinary triggers off.
    "ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_no_change",
    "ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_no_truncate",
    "ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_chain",
)

_TRIGGERS = {"sqlite": _SQLITE_TRIGGERS, "postgresql": _POSTGRESQL_TRIGGERS}
