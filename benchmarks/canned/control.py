"""The canned fax server as a child process, and its control client."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx

from benchmarks.canned.contents import Direction
from benchmarks.child import child

STEP_SECONDS = 60.0


class CannedUcx:
    """A fax server at *url*; each method is a step of server.py's CannedUcx."""

    client_id = "faxbot"
    client_secret = "not-a-secret"  # noqa: S105 - of no real server

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self.url = url
        self._http = http

    async def reset(self) -> None:
        """Nothing is there, nothing was asked."""
        await self._step("reset")

    async def have_jobs(self, count: int, *, ready: bool = True) -> None:
        """Have so many active jobs; without *ready* each of them was dialed before."""
        await self._step("have_jobs", count=count, ready=ready)

    async def drift(self, *, on: bool) -> None:
        """The clocks of the jobs that are under way move on before each reply."""
        await self._step("drift", on=on)

    async def change(self, job: str, fields: Mapping[str, object]) -> None:
        """Change the fields that are reported for a job."""
        await self._step("change", job=job, fields=dict(fields))

    async def end(self, jobs: list[str]) -> None:
        """These are delivered."""
        await self._step("end", jobs=jobs)

    async def have_records(
        self, direction: Direction, count: int, *, newest_first: bool = False, now: int | None = None
    ) -> None:
        """Replace the records: their number, their order, and the time of the newest (epoch seconds)."""
        await self._step("have_records", direction=direction, count=count, newest_first=newest_first, now=now)

    async def arrive(self, direction: Direction, count: int) -> None:
        """So many more records are there all at once."""
        await self._step("arrive", direction=direction, count=count)

    async def serve_document(self, path: Path) -> None:
        """What FileDownload answers with."""
        await self._step("serve_document", path=str(path))

    async def counts(self, *, clear: bool = False) -> dict[str, int]:
        """How often each method was called since the last *clear*."""
        return cast("dict[str, int]", await self._step("counts", clear=clear))

    async def received_bytes(self) -> int:
        """How many bytes of documents FileSend has taken."""
        return cast("int", await self._step("received_bytes"))

    async def first_reported(self) -> dict[str, float]:
        """When each changed job was first asked for after its change: epoch seconds."""
        return cast("dict[str, float]", await self._step("first_reported"))

    async def _step(self, name: str, **arguments: Any) -> object:  # noqa: ANN401 - JSON
        answer = await self._http.post(f"{self.url}/_/{name}", json=arguments)
        answer.raise_for_status()
        return answer.json()["result"]


@asynccontextmanager
async def canned_ucx(folder: Path) -> AsyncIterator[CannedUcx]:
    """The server, for the length of the block."""
    async with child(["benchmarks.canned.server"], {}, folder, ready="ready at port") as process:
        url = f"http://127.0.0.1:{process.line.rsplit(' ', 1)[1]}"
        async with httpx.AsyncClient(timeout=STEP_SECONDS, trust_env=False) as http:
            yield CannedUcx(url, http)
