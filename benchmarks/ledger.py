"""Whether a bot has anything left to do, by what its database holds."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.waiting import until

_LEFT = """
SELECT (SELECT count(*) FROM requests WHERE NOT done)
     + (SELECT count(*) FROM announcements
        WHERE state IN ('waiting', 'sending') OR (state = 'sent' AND revision > posted_revision))
"""
PATIENCE = 300.0


def left_to_do(data: Path) -> int:
    """The number of pending requests and of announcements not posted or out of date."""
    with closing(sqlite3.connect(f"file:{data / 'faxbot.db'}?mode=ro", uri=True)) as database:
        (left,) = database.execute(_LEFT).fetchone()
    return int(left)


async def until_settled(folder: Path) -> None:
    """Wait until the bot whose data is under *folder* has carried out and announced everything."""
    await until(
        lambda: left_to_do(folder / "data") == 0, PATIENCE, what="everything carried out and announced"
    )
