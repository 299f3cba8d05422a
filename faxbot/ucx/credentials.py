"""
The bearer token: fetched once, cached on disk, renewed when the server rejects it.

It is valid as long as the license. Source: Request Authentication, ucx-fax-api.
"""

import asyncio
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from faxbot.atomic_file import put_in_place

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Token:
    """One token. The server may return the same `value` when a token is renewed; `serial` differs."""

    value: str = field(repr=False)
    serial: int


class TokenCache:
    """
    Cache the token of one server and client id in memory and in *file*; *fetch* requests one from the server.

    Without a *file* nothing is written to disk. Concurrent callers share one fetch or renewal.
    """

    def __init__(
        self, file: Path | None, *, url: str, client_id: str, fetch: Callable[[], Awaitable[str]]
    ) -> None:
        self._file = file
        self._owner = hashlib.sha256(f"{url}\n{client_id}".encode()).hexdigest()
        self._fetch = fetch
        self._token: Token | None = None
        self._lock = asyncio.Lock()

    async def token(self, *, rejected: Token | None = None) -> Token:
        """
        The current token; a new one is fetched if there is none, or if the current one is *rejected*.

        Raises what *fetch* raises.
        """
        async with self._lock:
            if self._token is None and rejected is None and (kept := await asyncio.to_thread(self._read)):
                self._token = Token(kept, 0)
            if self._token is None or self._token == rejected:
                serial = self._token.serial + 1 if self._token else 0
                self._token = Token(await self._fetch(), serial)
                await self._keep(self._token.value)
            return self._token

    def _read(self) -> str | None:
        """The token on disk; None if there is none for this server and client id."""
        if self._file is None:
            return None
        try:
            kept = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(kept, dict) or kept.get("owner") != self._owner:
            return None
        value = kept.get("token")
        return value if isinstance(value, str) and value.isascii() and value.isprintable() and value else None

    async def _keep(self, value: str) -> None:
        if self._file is None:
            return
        try:
            await asyncio.to_thread(self._write, self._file, self._owner, value)
        except OSError as exc:
            # Without the file, the next start fetches a token again.
            logger.warning("the token could not be written to disk: %s", type(exc).__name__)

    @staticmethod
    def _write(path: Path, owner: str, value: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp creates the file with mode 0600, so that other users can never read the token.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump({"owner": owner, "token": value}, file)
            put_in_place(Path(name), path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
