"""Sessions, annotators and their events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first three tables."""
    _sessions()
    _annotators()
    _events()


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("dataset", sa.String(100), nullable=False),
        sa.Column("dataset_settings", sa.JSON, nullable=False),
        sa.Column("dataset_identity", sa.String(200), nullable=False),
        sa.Column("run", sa.String(100), nullable=False),
        sa.Column("strategy", sa.String(100), nullable=False),
        sa.Column("batch_size", sa.Integer, nullable=False),
        sa.Column("refit_every", sa.Integer, nullable=False),
        sa.Column("held_out", sa.Float, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("name", name="uq_sessions_name"),
    )


def _annotators() -> None:
    op.create_table(
        "annotators",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.UniqueConstraint("name", name="uq_annotators_name"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("session", sa.Integer, sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("annotator", sa.Integer, sa.ForeignKey("annotators.id"), nullable=False),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("item", sa.BigInteger),
        sa.Column("class", sa.Integer),
        sa.Column("target", sa.BigInteger),
        sa.Column("text", sa.String(200)),
        sa.Column("run", sa.String(100), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("key", sa.String(64)),
        sa.UniqueConstraint("session", "annotator", "key", name="uq_events_session_annotator_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_events_item", "events", ["session", "item"])
    op.create_index("ix_events_annotator", "events", ["session", "annotator", "seq"])
    of_classes = sa.text("kind BETWEEN 7 AND 10")
    op.create_index(
        "ix_events_of_classes", "events", ["session", "kind"], sqlite_where=of_classes, postgresql_where=of_classes
    )
