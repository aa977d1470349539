"""The review desk: accounts, the queue, what people said, appeals, search."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies this step."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=True),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("login", name=op.f("uq_accounts_login")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("recording_id", sa.String(length=80), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("address", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_recording_id"), ["recording_id"], unique=False)
    op.create_table(
        "login_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempts")),
    )
    with op.batch_alter_table("login_attempts", schema=None) as batch_op:
        batch_op.create_index("ix_login_attempts_address", ["address", "at"], unique=False)
        batch_op.create_index("ix_login_attempts_login", ["login", "at"], unique=False)
    op.create_table(
        "review_items",
        sa.Column("recording_id", sa.String(length=80), nullable=False),
        sa.Column("risk", sa.Integer(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("done", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("taken_by", sa.Integer(), nullable=True),
        sa.Column("taken_until", sa.DateTime(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["accounts.id"], name=op.f("fk_review_items_assignee_id_accounts")),
        sa.ForeignKeyConstraint(["done_by"], ["accounts.id"], name=op.f("fk_review_items_done_by_accounts")),
        sa.ForeignKeyConstraint(
            ["recording_id"],
            ["recordings.id"],
            name=op.f("fk_review_items_recording_id_recordings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["taken_by"], ["accounts.id"], name=op.f("fk_review_items_taken_by_accounts")),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_review_items")),
    )
    with op.batch_alter_table("review_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_items_assignee_id"), ["assignee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_items_done_at"), ["done_at"], unique=False)
        batch_op.create_index("ix_review_items_queue", ["done", "flagged", "risk", "recording_id"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("rule_id", sa.String(length=200), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("run_id", sa.String(length=32), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("char_start", sa.Integer(), nullable=True),
        sa.Column("char_end", sa.Integer(), nullable=True),
        sa.Column("start_s", sa.Float(), nullable=True),
        sa.Column("end_s", sa.Float(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("quote", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("card", sa.String(length=80), nullable=True),
        sa.Column("item", sa.String(length=200), nullable=True),
        sa.Column("value", sa.String(length=40), nullable=True),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_reviews_account_id_accounts")),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_reviews_recording_id_recordings")),
        sa.ForeignKeyConstraint(["undoes"], ["reviews.id"], name=op.f("fk_reviews_undoes_reviews")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("account_id", "key", name="uq_reviews_account_id_key"),
    )
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index("ix_reviews_account", ["account_id", "at"], unique=False)
        batch_op.create_index("ix_reviews_recording", ["recording_id", "id"], unique=False)
        batch_op.create_index("ix_reviews_rule", ["rule_id", "id"], unique=False)
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_saved_views_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    with op.batch_alter_table("saved_views", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_views_account_id"), ["account_id"], unique=False)
    op.create_table(
        "search_documents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"],
            ["recordings.id"],
            name=op.f("fk_search_documents_recording_id_recordings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_documents")),
        sa.UniqueConstraint("recording_id", name=op.f("uq_search_documents_recording_id")),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("address", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_account_id"), ["account_id"], unique=False)
    op.create_table(
        "waveforms",
        sa.Column("recording_id", sa.String(length=80), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_waveforms_recording_id_recordings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_waveforms")),
    )
    op.create_table(
        "appeals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(length=80), nullable=False),
        sa.Column("rule_id", sa.String(length=200), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_appeals_decided_by_accounts")),
        sa.ForeignKeyConstraint(["opened_by"], ["accounts.id"], name=op.f("fk_appeals_opened_by_accounts")),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_appeals_recording_id_recordings")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_appeals_review_id_reviews")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
    )
    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appeals_recording_id"), ["recording_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appeals_rule_id"), ["rule_id"], unique=False)
    _fill_queue()
    _create_search()
    _append_only()


def _fill_queue() -> None:
    """Calls evaluated before there was a queue enter it with a rough risk; `earmark apply` gives the exact one."""
    op.execute(
        """
        INSERT INTO review_items (recording_id, risk, flagged, doubtful)
        SELECT recording_id,
               CASE WHEN critical > 0 THEN 60 WHEN alert > 0 THEN 50 WHEN minor > 0 THEN 10 ELSE 0 END,
               critical + alert + minor > 0,
               not_evaluable > 0
        FROM evaluations
        """
    )


def _create_search() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # Without content: the words are in the transcripts; rows that are no longer named by search_documents are dead.
        op.execute("CREATE VIRTUAL TABLE search_text USING fts5(words, content='')")
    else:
        op.execute("CREATE TABLE search_text (id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
        op.execute("CREATE INDEX ix_search_text_words ON search_text USING GIN (words)")


def _append_only() -> None:
    """Lets nobody change what was said and done; erasing a person's data is a migration's or its own tool's work."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            """
            CREATE FUNCTION earmark_append_only() RETURNS trigger AS $$
            BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END
            $$ LANGUAGE plpgsql
            """
        )
    for table in ("audit", "reviews"):
        for action in ("UPDATE", "DELETE"):
            name = f"{table}_no_{action.lower()}"
            refuse = (
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                if op.get_bind().dialect.name == "sqlite"
                else "FOR EACH ROW EXECUTE FUNCTION earmark_append_only()"
            )
            op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} {refuse}")
