"""Tables that an admin can read: moments as timestamps, jobs and records as columns, checked words."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
FACTS = sa.JSON().with_variant(JSONB(), "postgresql")
IS_SPOOLED = sa.text("path IS NOT NULL")
IS_LOOKED_UP = sa.text("lookup_at IS NOT NULL")
IS_OUTDATED = sa.text("revision > posted_revision")

CHUNK = 1000
"""Rows that are copied at a time."""
CHILDREN_FIRST = ("announcements", "faxes", "records", "subscriptions", "requests")

FAX_STATES = {"handing": "submitting", "asked": "undecided"}
KINDS = {"reply": "step", "whisper": "ephemeral"}
MESSAGES = {
    "ServerAway": "OutageBegan",
    "ServerBack": "OutageEnded",
    "ServerSilent": "QueryFailing",
    "ServerTells": "QueryRecovered",
    "Faxing": "FaxConfirmation",
    "AskNumber": "NumberQuestion",
}
JOB_STATES = ("Ready", "Pending", "Suspended", "Sleeping", "Blocked", "Active", "Done", "Failed")

DOCUMENT = ("path", "name", "content_type", "pages", "sha256")

Row = dict[str, Any]


def upgrade() -> None:
    """
    Make the new tables and copy every row, in one transaction.

    PostgreSQL is known from this revision on: there the old tables are empty, and none is copied.
    """
    if op.get_bind().dialect.name == "postgresql":
        for table in (*CHILDREN_FIRST, "memory"):
            op.drop_table(table)
        _create_memory()
        _create()
    else:
        for table in CHILDREN_FIRST:
            op.rename_table(table, f"old_{table}")
        _create()
        _copy("requests", "requests", _request)
        _copy("records", "records", _record)
        _copy("faxes", "documents", _document)
        _copy("faxes", "faxes", _fax)
        _copy("faxes", "submissions", _submission)
        _copy("faxes", "jobs", _job)
        _copy("subscriptions", "subscriptions", _subscription)
        _copy("announcements", "announcements", _announcement)
        for table in CHILDREN_FIRST:
            op.drop_table(f"old_{table}")
    _create_indexes()


def downgrade() -> None:
    """
    Make the old tables again, if there is nothing in the new ones.

    Raises:
        RuntimeError: There is. A backup from before the upgrade is the way back.
    """
    tables = ("jobs", "submissions", *CHILDREN_FIRST, "documents", "memory")
    bind = op.get_bind()
    if any(bind.execute(sa.text(f"SELECT 1 FROM {table} LIMIT 1")).first() for table in tables):  # noqa: S608
        raise RuntimeError("This database has data. To go back, restore the backup made before the upgrade.")
    for table in (*tables, "modems"):
        op.drop_table(table)
    script = op.get_context().script
    older = script.iterate_revisions(down_revision, "base") if script else ()
    for known in reversed(list(older)):
        known.module.upgrade()


def _copy(old: str, new: str, convert: Callable[[Row], Row | None]) -> None:
    bind = op.get_bind()
    metadata = sa.MetaData()
    source = sa.Table(f"old_{old}", metadata, autoload_with=bind)
    target = sa.Table(new, metadata, autoload_with=bind)
    last = -1
    while (
        rows := bind.execute(sa.select(source).where(source.c.id > last).order_by(source.c.id).limit(CHUNK))
        .mappings()
        .all()
    ):
        last = rows[-1]["id"]
        converted = [each for each in (convert(dict(row)) for row in rows) if each is not None]
        if converted:
            bind.execute(sa.insert(target), converted)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _renamed(row: Row, moments: tuple[str, ...], **names: str) -> Row:
    moved = {names.get(name, name): value for name, value in row.items()}
    return moved | {name: _moment(moved[name]) for name in moments}


def _request(row: Row) -> Row:
    """A request with a typed body; what is done needs none."""
    request = _renamed(row, ("forget_at", "created_at"), reference="correlation_id")
    known = {name: value for name, value in row["body"].items() if value is not None and name != "dm"}
    return request | {"body": None if row["done"] else known | {"kind": row["kind"]}}


def _subscription(row: Row) -> Row:
    return _renamed(row, ("created_at",))


def _fax(row: Row) -> Row:
    moments = ("lookup_at", "accepted_at", "reported_at", "created_at", "ended_at")
    fax = _renamed(
        row,
        moments,
        look_at="lookup_at",
        looks="lookups",
        heard_at="reported_at",
        slow_told="slow_announced",
        reference="correlation_id",
    )
    for moved in ("job", "missing_looks", "intent_at", "known_jobs", *DOCUMENT):
        del fax[moved]
    prepared = row["id"] if row["sha256"] else None
    return fax | {"state": FAX_STATES.get(fax["state"], fax["state"]), "document_id": prepared}


def _document(row: Row) -> Row | None:
    """The document of a fax, under the fax's own id."""
    return {"id": row["id"]} | {name: row[name] for name in DOCUMENT} if row["sha256"] else None


def _submission(row: Row) -> Row | None:
    """The last submission of a fax, under the fax's own id; of those before it nothing is known."""
    if row["intent_at"] is None:
        return None
    state = _came_of(row)
    return {
        "id": row["id"],
        "fax_id": row["id"],
        "state": state,
        "intent_at": _moment(row["intent_at"]),
        "known_jobs": row["known_jobs"],
        "answered_at": _moment(row["accepted_at"]),
        "job_id": row["job_id"],
        "device": (row["job"] or {}).get("modem", ""),
        "fault": "" if state == "accepted" else row["fault"],
    }


def _came_of(row: Row) -> str:
    if row["state"] == "handing":
        return "sending"
    if row["accepted_at"] is not None:
        return "accepted"
    if row["outcome"] in ("refused", "unsendable"):
        return "refused"
    if row["state"] in ("unknown", "asked") or row["outcome"] in ("went", "given_up"):
        return "lost"
    return "not_sent" if row["look_at"] is None else "turned_away"


def _job(row: Row) -> Row | None:
    job = row["job"]
    if not job:
        return None
    columns = {name: value for name, value in job.items() if name not in ("next_try", "time", "state")}
    return columns | {
        "fax_id": row["id"],
        "state": job["state"] if job["state"] in JOB_STATES else "?",
        "next_try": _spelled(job.get("next_try")),
        "time": _spelled(job.get("time")),
    }


def _record(row: Row) -> Row:
    known = {name: value for name, value in row.items() if name != "record"}
    reported = {
        name: value for name, value in row["record"].items() if name not in ("job_id", "time", "state")
    }
    state = row["record"].get("state", "Done")
    return (
        reported
        | known
        | {
            "time": _moment(row["time"]),
            "seen_at": _moment(row["seen_at"]),
            "job_state": state if state in JOB_STATES else "?",
        }
    )


def _announcement(row: Row) -> Row:
    moments = ("due_at", "created_at", "sent_at")
    due_at = row["due_at"] or row["created_at"]  # 0 was: at once
    announcement = _renamed(
        row | {"due_at": due_at},
        moments,
        shown="posted_revision",
        looks="lookups",
        reference="correlation_id",
    )
    body = announcement["body"]
    if body.get("message") in MESSAGES:
        announcement["body"] = body | {"message": MESSAGES[body["message"]]}
    return announcement | {"kind": KINDS.get(announcement["kind"], announcement["kind"])}


def _spelled(moment: str | None) -> datetime | None:
    """A moment in JSON, as pydantic spells it."""
    if moment is None:
        return None
    return datetime.fromisoformat(moment).astimezone(UTC).replace(tzinfo=None)


def _words(name: str, *words: str) -> sa.Enum:
    """The type of a column that holds one of *words*, and a CHECK that it does."""
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def _create_memory() -> None:
    op.create_table(
        "memory",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", FACTS, nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )


def _create() -> None:
    op.create_table(
        "records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "direction",
            _words("direction", "TX", "RX"),
            nullable=False,
        ),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("time", MOMENT, nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("caller_name", sa.String(), nullable=False),
        sa.Column("station_id", sa.String(), nullable=False),
        sa.Column(
            "job_state",
            _words("jobstate", *JOB_STATES, "?"),
            nullable=False,
        ),
        sa.Column("state_text", sa.String(), nullable=False),
        sa.Column("sent_pages", sa.Integer(), nullable=False),
        sa.Column("total_pages", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=True),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("status_text", sa.String(), nullable=False),
        sa.Column("requestor", sa.String(), nullable=False),
        sa.Column("modem", sa.String(), nullable=False),
        sa.Column(
            "state",
            _words("recordstate", "history", "seen", "spooled", "no_file"),
            nullable=False,
        ),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("line_name", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("deleted_by", sa.String(), nullable=True),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id", "time"),
    )
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "kind",
            _words(
                "requestkind",
                "send",
                "share",
                "shared_file",
                "cancel",
                "delete",
                "get",
                "answer",
                "subscribe",
                "unsubscribe",
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("thread_ts", sa.String(), nullable=True),
        sa.Column("response_url", sa.String(), nullable=True),
        sa.Column("body", FACTS, nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("forget_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column(
            "direction",
            _words("direction", "TX", "RX"),
            nullable=False,
        ),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("fax_id", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("channel_id", "direction", "line_id", "fax_id"),
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "faxes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            _words(
                "faxstate", "fetching", "ready", "submitting", "unknown", "undecided", "accepted", "ended"
            ),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            _words(
                "outcome",
                "delivered",
                "failed",
                "cancelled",
                "refused",
                "unsendable",
                "withdrawn",
                "went",
                "given_up",
                "lost",
            ),
            nullable=True,
        ),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("channel_id", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("dial", sa.String(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("line_name", sa.String(), nullable=False),
        sa.Column("files", FACTS, nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("known_record", sa.Integer(), nullable=False),
        sa.Column("lookups", sa.Integer(), nullable=False),
        sa.Column("candidates", FACTS, nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=False),
        sa.Column("lookup_at", MOMENT, nullable=True),
        sa.Column("accepted_at", MOMENT, nullable=True),
        sa.Column("reported_at", MOMENT, nullable=True),
        sa.Column("slow_announced", sa.Boolean(), nullable=False),
        sa.Column("cancel_by", sa.String(), nullable=True),
        sa.Column("cancel_request", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("deleted_by", sa.String(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["requests.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_id"),
    )
    op.create_table(
        "announcements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "kind",
            _words("announcementkind", "card", "step", "notice", "file", "details", "ephemeral"),
            nullable=False,
        ),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("fax_id", sa.Integer(), nullable=True),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("response_url", sa.String(), nullable=True),
        sa.Column("body", FACTS, nullable=False),
        sa.Column("terminal", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            _words("announcementstate", "waiting", "sending", "sent", "dropped"),
            nullable=False,
        ),
        sa.Column("batch", sa.String(), nullable=False),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("file_id", sa.String(), nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("posted_revision", sa.Integer(), nullable=False),
        sa.Column("lookups", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("correlation_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fax_id"],
            ["faxes.id"],
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["announcements.id"],
        ),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["records.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fax_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            _words(
                "submissionstate",
                "sending",
                "accepted",
                "refused",
                "not_sent",
                "turned_away",
                "lost",
                "found",
            ),
            nullable=False,
        ),
        sa.Column("intent_at", MOMENT, nullable=False),
        sa.Column("known_jobs", FACTS, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("job_id", sa.String(), nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fax_id"],
            ["faxes.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "jobs",
        sa.Column("fax_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column(
            "state",
            _words("jobstate", *JOB_STATES, "?"),
            nullable=False,
        ),
        sa.Column("state_text", sa.String(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("sent_pages", sa.Integer(), nullable=False),
        sa.Column("total_pages", sa.Integer(), nullable=True),
        sa.Column("dials", sa.Integer(), nullable=True),
        sa.Column("max_dials", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=True),
        sa.Column("max_attempts", sa.Integer(), nullable=True),
        sa.Column("next_try", MOMENT, nullable=True),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("status_text", sa.String(), nullable=False),
        sa.Column("modem", sa.String(), nullable=False),
        sa.Column("time", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["fax_id"],
            ["faxes.id"],
        ),
        sa.PrimaryKeyConstraint("fax_id"),
    )


def _create_indexes() -> None:
    op.create_index("ix_records_direction", "records", ["direction", "id", "gone"])
    op.create_index("ix_records_state", "records", ["state"])
    op.create_index("ix_requests_done", "requests", ["done"])
    op.create_index("ix_requests_forget_at", "requests", ["forget_at"])
    op.create_index(
        "ix_documents_spooled", "documents", ["id"], sqlite_where=IS_SPOOLED, postgresql_where=IS_SPOOLED
    )
    op.create_index("ix_faxes_document_id", "faxes", ["document_id"])
    op.create_index("ix_submissions_fax_id", "submissions", ["fax_id"])
    op.create_index("ix_faxes_job_id", "faxes", ["job_id"])
    op.create_index(
        "ix_faxes_lookup_at", "faxes", ["lookup_at"], sqlite_where=IS_LOOKED_UP, postgresql_where=IS_LOOKED_UP
    )
    op.create_index("ix_faxes_state", "faxes", ["state"])
    op.create_index("ix_announcements_fax_id", "announcements", ["fax_id"])
    op.create_index(
        "ix_announcements_outdated",
        "announcements",
        ["channel_id"],
        sqlite_where=IS_OUTDATED,
        postgresql_where=IS_OUTDATED,
    )
    op.create_index("ix_announcements_parent_id", "announcements", ["parent_id"])
    op.create_index("ix_announcements_passing", "announcements", ["kind", "record_id", "created_at"])
    op.create_index("ix_announcements_record_id", "announcements", ["record_id"])
    op.create_index("ix_announcements_unposted", "announcements", ["state", "channel_id"])
