"""The tables of the closed loop: actions, and what happened to each, entry after entry, never changed.

``baseline`` and ``outcome`` are documents: the figures as they were when the action was opened and closed. Calls may be
judged again or deleted since; what was decided by must stay readable.
"""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from pipeline.store.tables import Name, UtcDateTime, metadata

actions = Table(
    "actions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("level", String(20), nullable=False),
    Column("target", Name, nullable=False),
    Column("team", Name),
    Column("metric", String(220), nullable=False),
    Column("plan", Text, nullable=False),
    Column("baseline", JSON, nullable=False),
    Column("due_unit", String(10), nullable=False),
    Column("due_since", UtcDateTime, nullable=False),
    Column("due_until", UtcDateTime, nullable=False),
    Column("owner", Name, nullable=False),
    Column("owner_id", Integer, ForeignKey("accounts.id")),
    Column("opened_by", Name, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", JSON),
    Index("ix_actions_state", "state", "due_until"),
)

action_events = Table(
    "action_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("action_id", Integer, ForeignKey("actions.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("account_id", Integer, ForeignKey("accounts.id")),
    Column("name", Name, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
)
