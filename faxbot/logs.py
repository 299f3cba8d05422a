"""Logs carry ids, never numbers, names, file names, tokens or message text."""

import logging
import sys

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

CAPPED = ("slack_sdk", "slack_bolt", "httpx", "httpcore", "aiohttp", "apscheduler", "alembic", "sqlalchemy")
"""Libraries that print whole requests when they are let."""


class _Line(logging.Formatter):
    """`time level logger: message id=value …`."""

    def format(self, record: logging.LogRecord) -> str:
        facts = "".join(f" {k}={v}" for k, v in vars(record).items() if k not in _STANDARD)
        return super().format(record) + facts


def set_up_logs(level: str) -> None:
    """Log to standard error at *level*; libraries only from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in CAPPED:
        logging.getLogger(name).setLevel(logging.WARNING)
