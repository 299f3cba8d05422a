"""Column types: epoch seconds as UTC timestamps, enums with a CHECK, JSON of models and of any shape."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import JSON, DateTime, Dialect, Enum
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[float]):
    """Epoch seconds in Python; in the database a UTC timestamp, which admins can read and compare."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> datetime | None:
        """Epoch seconds to a timestamp; SQLite stores it as text without a time zone."""
        if value is None:
            return None
        moment = datetime.fromtimestamp(value, UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> float | None:
        """A timestamp to epoch seconds."""
        if value is None:
            return None
        return (value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value).timestamp()


class Facts(TypeDecorator[Any]):
    """JSON of any shape, JSONB on PostgreSQL; the shape depends on the kind of the row."""

    impl = JSON().with_variant(JSONB(), "postgresql")
    cache_ok = True


class Typed(TypeDecorator[Any]):
    """A pydantic model as JSON; *adapter* selects the model from the JSON when it is read."""

    impl = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    cache_ok = True

    def __init__(self, adapter: TypeAdapter[Any]) -> None:
        super().__init__()
        self.adapter = adapter

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - TypeDecorator's signature
        """A model to JSON data; None stays NULL."""
        return None if value is None else self.adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - as above
        """JSON data to the model."""
        return None if value is None else self.adapter.validate_python(value)


def words(kind: type[StrEnum]) -> Enum:
    """A column type that stores an enum's values as text, with a CHECK constraint against other texts."""
    return Enum(
        kind,
        name=kind.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda each: [member.value for member in each],
    )
