"""Prepares and inspects documents, each in a separate worker process with resource limits."""

import asyncio
import errno
import json
import logging
import math
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import faxbot
from faxbot.documents.unreadable import too_complex
from faxbot.documents.worker import PART_FILE
from faxbot.fax.document import Document, Note, Part, WebPageReceived
from faxbot.fax.errors import BadDocument, Fault

_log = logging.getLogger(__name__)
_MAX_WORKERS = 2
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "GS_LIB")  # environment variables of the worker; none is a secret
_FILE_TOO_LARGE = errno.EFBIG


class DocumentSandbox:
    """
    Makes documents of shared files and inspects downloaded ones, in worker processes.

    The limits apply to each document: *max_bytes* of all its parts, *max_pages*, and for the worker
    *memory_bytes* of address space and *seconds*. *paper* is the fax server's, one of `paper.PAPER`.
    """

    def __init__(
        self,
        *,
        max_bytes: int,
        max_pages: int,
        memory_bytes: int = 1 << 30,
        seconds: float = 60,
        paper: str = "letter",
    ) -> None:
        self._seconds = seconds
        self._paper = paper
        self._limits = {
            "max_bytes": max_bytes,
            "max_pages": max_pages,
            "memory": memory_bytes,
            "cpu_seconds": math.ceil(seconds) + 1,
        }
        self._slots = asyncio.Semaphore(_MAX_WORKERS)

    async def prepare(self, parts: Sequence[Part], into: Path) -> Document:
        """
        Make one document of *parts*, at *into* plus a suffix, fsynced.

        Raises:
            WebPageReceived: Slack sent a web page instead of a file.
            BadDocument: It cannot be faxed; the message says why and what can be done.
            Fault: The disk is full or not writable.
        """
        workdir = into.with_name(f"{into.name}.work")
        shutil.rmtree(workdir, ignore_errors=True)
        name = parts[0].name if parts else ""
        try:
            workdir.mkdir(mode=0o700, parents=True)
            outcome = await self._work(
                {
                    "parts": [{"path": str(part.path), "name": part.name} for part in parts],
                    "into": str(into),
                    "workdir": str(workdir),
                    "paper": self._paper,
                },
                name,
                workdir,
            )
        except OSError as exc:
            raise _disk_fault(exc.errno) from exc
        finally:
            shutil.rmtree(workdir, ignore_errors=True)
        made = outcome["document"]
        notes = tuple(Note(**note) for note in made["notes"])
        return Document(**{**made, "path": Path(made["path"]), "notes": notes, "blank": tuple(made["blank"])})

    async def print_pages(self, document: Document, folder: Path) -> list[Path]:
        """
        Draw each page of *document* as a recipient's fax machine prints it; return PNG files in *folder*.

        Raises:
            BadDocument: A page is too complex.
            Fault: The disk is full or not writable.
        """
        outcome = await self._work({"print": str(document.path), "folder": str(folder)}, document.name)
        return [Path(page) for page in outcome["pages"]]

    async def inspect(self, path: Path) -> int | None:
        """
        Count the pages of a document from the fax server; None for PostScript, text and pictures.

        Raises:
            BadDocument: It is empty, not a document, or incomplete.
        """
        outcome = await self._work({"inspect": str(path)}, "The document from the fax server")
        pages: int | None = outcome["pages"]
        return pages

    async def _work(self, task: dict[str, Any], name: str, workdir: Path | None = None) -> dict[str, Any]:
        async with self._slots:
            outcome = await self._run(json.dumps({**task, "limits": self._limits}).encode(), workdir)
            if workdir and (workdir / PART_FILE).exists():
                name = (workdir / PART_FILE).read_text()
        if message := outcome.get("web_page"):
            raise WebPageReceived(message)
        if message := outcome.get("refused"):
            raise BadDocument(message)
        if "disk" in outcome and outcome["disk"] != _FILE_TOO_LARGE:
            raise _disk_fault(outcome["disk"])
        if "disk" in outcome or "overrun" in outcome:
            _log.warning("document exceeded the limits: %s", outcome.get("overrun", "size"))
            raise too_complex(name)
        return outcome

    async def _run(self, task: bytes, workdir: Path | None) -> dict[str, Any]:
        """Run a worker and return its outcome; after a timeout or a cancellation the worker is killed."""
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "faxbot.documents.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(workdir),
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._seconds):
                answer, _ = await worker.communicate(task)
        except TimeoutError:
            return {"overrun": "time"}
        finally:
            if worker.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(worker.pid, signal.SIGKILL)
                await worker.wait()
        try:
            outcome: dict[str, Any] = json.loads(answer)
        except ValueError:
            return {"overrun": f"exit status {worker.returncode}"}
        return outcome


def _environment(workdir: Path | None) -> dict[str, str]:
    """
    The worker's environment: paths of programs and of faxbot, no credentials.

    Ghostscript's temporary files contain the document; in *workdir* they are removed with it.
    """
    home = str(Path(faxbot.__file__).parent.parent)
    return {
        **{key: os.environ[key] for key in _PASSED_ON if key in os.environ},
        **({"TMPDIR": str(workdir.absolute())} if workdir else {}),
        "PYTHONPATH": home,
        "PYTHONUTF8": "1",
    }


def _disk_fault(number: int | None) -> Fault:
    _log.error("spool not writable: %s", os.strerror(number) if number else "unknown reason")
    return Fault(
        "The bot could not store the document. Ask an admin to look at its disk, then send it again."
    )
