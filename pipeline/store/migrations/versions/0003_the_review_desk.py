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
        sa.Column("agent", sa.String(length=200), nullable=True),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
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
        batch_op.create_index(batch_op.f("ix_review_items_taken_until"), ["taken_until"], unique=False)
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
    _index_queue()
    _create_search()
    _copy_to_queue()
    _fill_queue()
    _append_only()


def _index_queue() -> None:
    with op.batch_alter_table("review_items", schema=None) as batch_op:
        queue = ["done", "flagged", "risk", "recording_id", "document_id", "assignee_id"]
        batch_op.create_index("ix_review_items_queue", queue, unique=False)
        for name, column in (("started", "started_at"), ("longest", "duration_s")):
            batch_op.create_index(f"ix_review_items_{name}", ["done", "flagged", column, "recording_id"], unique=False)
        batch_op.create_index("ix_review_items_doubtful", ["done", "doubtful", "risk", "recording_id"], unique=False)
        for name in ("agent", "team"):
            batch_op.create_index(f"ix_review_items_{name}", [name, "done", "flagged"], unique=False)
    with op.batch_alter_table("rule_results", schema=None) as batch_op:
        for name in ("rule_id", "error_class", "severity"):
            columns = [name, "outcome", "status", "recording_id"]
            batch_op.create_index(f"ix_rule_results_hits_{name}", columns, unique=False)


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
        # Both texts go out of line, so that choosing calls by the index reads rows of a few bytes.
        op.execute(
            "CREATE TABLE search_text (id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL, body TEXT NOT NULL)"
            " WITH (toast_tuple_target = 128)"
        )
        op.execute("CREATE INDEX ix_search_text_words ON search_text USING GIN (words)")
        # A planner that does not count what unpacking a tsvector costs would read all of them for a frequent word.
        op.execute(
            """
            CREATE FUNCTION earmark_said(pairs TSQUERY, said TEXT[]) RETURNS SETOF BIGINT
            LANGUAGE sql STABLE ROWS 5000 SET enable_seqscan = off AS $$
                SELECT id FROM search_text
                WHERE words @@ pairs
                -- One word is the common case, and a third faster without a subquery.
                AND (cardinality(said) = 0 OR strpos(body, said[1]) > 0)
                AND (cardinality(said) < 2
                     OR (SELECT bool_and(strpos(body, word) > 0) FROM unnest(said[2:]) AS word))
            $$
            """
        )


def _copy_to_queue() -> None:
    """Keeps what the queue repeats of recordings and of the search index, whoever writes these."""
    if op.get_bind().dialect.name == "sqlite":
        _copy_to_queue_on_sqlite()
    else:
        _copy_to_queue_on_postgresql()


def _copy_to_queue_on_sqlite() -> None:
    columns = "agent, team, started_at, duration_s"
    # The fraction is written as SQLAlchemy writes it: SQLite compares moments as texts.
    values = "agent, team, coalesce(started_at, '1970-01-01 00:00:00.000000'), coalesce(duration_s, 0)"
    op.execute(
        f"""
        CREATE TRIGGER review_items_described AFTER INSERT ON review_items BEGIN
            UPDATE review_items SET
                ({columns}) = (SELECT {values} FROM recordings WHERE id = NEW.recording_id),
                document_id = (SELECT id FROM search_documents WHERE recording_id = NEW.recording_id)
            WHERE recording_id = NEW.recording_id;
        END
        """
    )
    op.execute(
        f"""
        CREATE TRIGGER recordings_described AFTER UPDATE OF {columns} ON recordings BEGIN
            UPDATE review_items SET ({columns}) = (SELECT {values} FROM recordings WHERE id = NEW.id)
            WHERE recording_id = NEW.id;
        END
        """
    )
    op.execute(
        """
        CREATE TRIGGER search_documents_named AFTER INSERT ON search_documents BEGIN
            UPDATE review_items SET document_id = NEW.id WHERE recording_id = NEW.recording_id;
        END
        """
    )


def _copy_to_queue_on_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION earmark_describe_item() RETURNS trigger AS $$ BEGIN
            SELECT agent, team, coalesce(started_at, '1970-01-01'), coalesce(duration_s, 0)
            INTO NEW.agent, NEW.team, NEW.started_at, NEW.duration_s
            FROM recordings WHERE id = NEW.recording_id;
            NEW.document_id := (SELECT id FROM search_documents WHERE recording_id = NEW.recording_id);
            RETURN NEW;
        END $$ LANGUAGE plpgsql
        """
    )
    op.execute(
        """
        CREATE FUNCTION earmark_describe_recording() RETURNS trigger AS $$ BEGIN
            UPDATE review_items SET agent = NEW.agent, team = NEW.team,
                started_at = coalesce(NEW.started_at, '1970-01-01'), duration_s = coalesce(NEW.duration_s, 0)
            WHERE recording_id = NEW.id;
            RETURN NULL;
        END $$ LANGUAGE plpgsql
        """
    )
    op.execute(
        """
        CREATE FUNCTION earmark_name_document() RETURNS trigger AS $$ BEGIN
            UPDATE review_items SET document_id = NEW.id WHERE recording_id = NEW.recording_id;
            RETURN NULL;
        END $$ LANGUAGE plpgsql
        """
    )
    for name, moment, function in (
        ("review_items_described", "BEFORE INSERT ON review_items", "earmark_describe_item"),
        (
            "recordings_described",
            "AFTER UPDATE OF agent, team, started_at, duration_s ON recordings",
            "earmark_describe_recording",
        ),
        ("search_documents_named", "AFTER INSERT ON search_documents", "earmark_name_document"),
    ):
        op.execute(f"CREATE TRIGGER {name} {moment} FOR EACH ROW EXECUTE FUNCTION {function}()")


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
