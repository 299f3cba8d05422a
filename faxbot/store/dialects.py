"""What SQLite and PostgreSQL spell differently."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""By dialect: an INSERT that may say what to do about a conflict."""
