"""The settings, read from the environment and `.env`. README.md and .env.example list the same ones."""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from faxbot.fax.dialplan import DialPlan
from faxbot.fax.document import paper_of

WHERE = {
    "SLACK_BOT_TOKEN": "It begins with xoxb-: api.slack.com/apps, your app, OAuth & Permissions.",
    "SLACK_SIGNING_SECRET": "It is 32 letters and digits: api.slack.com/apps, your app, Basic Information.",
    "SLACK_APP_TOKEN": "It begins with xapp-: api.slack.com/apps, Basic Information, App-Level Tokens. "
    "(For HTTP mode set SLACK_SIGNING_SECRET instead.)",
    "SLACK_API_URL": "Leave it out for Slack itself.",
    "UCX_URL": "It is the address of the UCX, such as https://ucx.example.com.",
    "UCX_CLIENT_ID": "The UCX shows it under System, Licenses.",
    "UCX_CLIENT_SECRET": "The UCX shows it under System, Licenses.",
    "DATABASE_URL": "It is sqlite:///path/to/file.db or postgresql://user:password@host/name.",
    "FAXBOT_INBOUND_CHANNEL": "It is a channel's id (C0123456789): open the channel's details in Slack.",
}
"""Where to find the value of a setting, for messages."""

_MEGABYTE = 1 << 20

Words = Annotated[tuple[str, ...], NoDecode]


class SettingsProblem(Exception):
    """A setting is missing, malformed or not accepted; the message names each and says where to get it."""

    exit_code = 2


class DocumentSettings(BaseSettings):
    """What documents have to be like; `faxbot preview` needs no other settings."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    faxbot_region: str = "US"
    faxbot_paper: str = Field(default="", pattern=r"^(?i:letter|a4|legal|fit)?$")
    faxbot_max_megabytes: int = Field(default=100, ge=1)
    faxbot_max_pages: int = Field(default=500, ge=1)

    @property
    def paper(self) -> str:
        """The fax server's paper: `letter`, `a4`, `legal` or `fit`; by default what the region uses."""
        return self.faxbot_paper.lower() or paper_of(self.faxbot_region)

    @property
    def max_bytes(self) -> int:
        """The size of the largest document, in bytes."""
        return self.faxbot_max_megabytes * _MEGABYTE


class Settings(DocumentSettings):
    """All settings. Field names are the settings' names in lower case."""

    slack_bot_token: SecretStr
    slack_signing_secret: SecretStr = SecretStr("")
    slack_app_token: SecretStr = Field(default=SecretStr(""), validate_default=True)
    slack_api_url: str = "https://slack.com/api/"
    ucx_url: str = Field(min_length=1)
    ucx_client_id: str = Field(min_length=1)
    ucx_client_secret: SecretStr
    ucx_ca_file: Path | None = None
    database_url: str = Field(default="", pattern=r"^(sqlite:///.+|postgresql://.+/.+)?$")
    faxbot_data_dir: Path = Path("data")
    faxbot_inbound_channel: str = Field(pattern=r"^[CGD][A-Z0-9]+$")
    faxbot_http_host: str = Field(default="127.0.0.1", min_length=1)
    faxbot_http_port: int = Field(default=3000, ge=1, le=65535)
    faxbot_admins: Words = ()
    faxbot_international_prefix: str = ""
    faxbot_dial_prefix: str = ""
    faxbot_blocked: Words = ()
    faxbot_allowed: Words = ()
    faxbot_default_line: str = ""
    faxbot_modems: Words = ()
    faxbot_poll_active_seconds: float = Field(default=2.0, ge=0.2)
    faxbot_poll_idle_seconds: float = Field(default=15.0, ge=0.2)
    faxbot_inbox_seconds: float = Field(default=10.0, ge=0.2)
    faxbot_inbox_sweep_seconds: float = Field(default=120.0, ge=0.2)
    faxbot_settle_seconds: float = Field(default=20.0, ge=0.0)
    faxbot_backfill: bool = False
    faxbot_spool_days: float = Field(default=30.0, gt=0)
    faxbot_slack_limits: str = Field(default="", pattern=r"^(tiers|learn)?$")
    faxbot_metrics_host: str = "127.0.0.1"
    faxbot_metrics_port: int = Field(default=0, ge=0, le=65535)
    faxbot_log_format: str = Field(default="text", pattern=r"^(?i:text|json)$")
    faxbot_log_level: str = Field(default="INFO", pattern=r"^(?i:debug|info|warning|error)$")

    @field_validator("faxbot_admins", "faxbot_blocked", "faxbot_allowed", "faxbot_modems", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the environment holds
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _can_be_parsed(cls, value: str) -> str:
        if not value.startswith("postgresql:"):
            return value
        try:
            url = make_url(value)
        except (ArgumentError, ValueError) as exc:  # its message may have a part of the password
            raise PydanticCustomError("url", "it can't be read, or its port is no number") from exc
        if "@" in f"{url.host}{url.database}" or "/" in (url.database or ""):
            raise PydanticCustomError("url", "write an @ in the password as %40 and a / as %2F")
        return value

    @field_validator("slack_signing_secret")
    @classmethod
    def _is_a_secret(cls, value: SecretStr) -> SecretStr:
        if value and not re.fullmatch(r"(?!xox|xapp-)\S{16,}", value.get_secret_value()):
            raise ValueError("that is no signing secret")
        return value

    @field_validator("slack_app_token")
    @classmethod
    def _needed_in_socket_mode(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if value and not value.get_secret_value().startswith("xapp-"):
            raise ValueError("it begins with xapp-")
        if not value and not info.data.get("slack_signing_secret", "what is malformed was meant"):
            raise PydanticCustomError("missing", "Field required")
        return value

    @field_validator("slack_bot_token", "ucx_client_secret")
    @classmethod
    def _looks_right(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        prefix = {"slack_bot_token": "xox"}.get(info.field_name or "", "")
        if not value.get_secret_value().startswith(prefix) or not value.get_secret_value():
            raise ValueError(f"it begins with {prefix}" if prefix else "it is empty")
        return value

    @field_validator("faxbot_modems")
    @classmethod
    def _pairs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(word.count("=") != 1 for word in value):
            raise ValueError("write modem=line pairs such as ttyIAX2=2")
        return value

    @property
    def socket_mode(self) -> bool:
        """Whether the bot connects to Slack; else Slack sends requests to the bot (HTTP mode)."""
        return bool(self.slack_app_token)

    @property
    def database(self) -> str:
        """The database URL; by default a SQLite file in the data directory."""
        return self.database_url or f"sqlite:///{self.faxbot_data_dir / 'faxbot.db'}"

    @property
    def plan(self) -> DialPlan:
        """
        The dial plan.

        Raises:
            ValueError: The region or a prefix is invalid.
        """
        return DialPlan(
            region=self.faxbot_region.upper(),
            international_prefix=self.faxbot_international_prefix,
            dial_prefix=self.faxbot_dial_prefix,
            blocked=self.faxbot_blocked,
            allowed=self.faxbot_allowed,
        )

    @property
    def modems(self) -> dict[str, str]:
        """The line id of each modem in FAXBOT_MODEMS."""
        return dict(word.split("=", 1) for word in self.faxbot_modems)


def load_settings(**given: Any) -> Settings:  # noqa: ANN401 - any field
    """
    Read the settings.

    Raises:
        SettingsProblem: One or more are missing or malformed; the message has a line for each.
    """
    try:
        settings = Settings(**given)
        _ = settings.plan
    except ValidationError as exc:
        raise SettingsProblem("\n".join(_explain(error) for error in exc.errors())) from exc
    except UnicodeDecodeError as exc:
        raise SettingsProblem(".env is not UTF-8 text. Save it as UTF-8.") from exc
    except ValueError as exc:
        raise SettingsProblem(f"FAXBOT_REGION, FAXBOT_DIAL_PREFIX or FAXBOT_BLOCKED: {exc}") from exc
    return settings


def load_document_settings() -> DocumentSettings:
    """
    Read the settings of documents.

    Raises:
        SettingsProblem: One or more are malformed; the message has a line for each.
    """
    try:
        return DocumentSettings()
    except ValidationError as exc:
        raise SettingsProblem("\n".join(_explain(error) for error in exc.errors())) from exc


def _explain(error: Any) -> str:  # noqa: ANN401 - pydantic's own error
    name = str(error["loc"][0]).upper()
    what = (
        "is missing"
        if error["type"] == "missing"
        else f"is not right: {error['msg'][:1].lower()}{error['msg'][1:]}"
    )
    return f"{name} {what}. {WHERE.get(name, 'See .env.example.')}"
