"""What is done about a line of a report, and whether it helped."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies this step."""
    # Whether a metric of two periods is the same one: did its rule change between them?
    op.add_column("pack_rules", sa.Column("digest", sa.String(length=64), nullable=True))
    op.create_table(
        "actions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("team", sa.String(length=200), nullable=True),
        sa.Column("metric", sa.String(length=220), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("baseline", sa.JSON(), nullable=False),
        sa.Column("due_unit", sa.String(length=10), nullable=False),
        sa.Column("due_since", sa.DateTime(), nullable=False),
        sa.Column("due_until", sa.DateTime(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("opened_by", sa.String(length=200), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name=op.f("fk_actions_owner_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actions")),
    )
    op.create_index("ix_actions_state", "actions", ["state", "due_until"])
    op.create_table(
        "action_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["actions.id"], name=op.f("fk_action_events_action_id_actions")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_action_events_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_events")),
    )
    op.create_index("ix_action_events_action_id", "action_events", ["action_id"])
    for change in ("UPDATE", "DELETE"):
        # The function is that of migration 0003.
        refuse = (
            "BEGIN SELECT RAISE(ABORT, 'action_events is append-only'); END"
            if op.get_bind().dialect.name == "sqlite"
            else "FOR EACH ROW EXECUTE FUNCTION earmark_append_only()"
        )
        op.execute(f"CREATE TRIGGER action_events_no_{change.lower()} BEFORE {change} ON action_events {refuse}")
