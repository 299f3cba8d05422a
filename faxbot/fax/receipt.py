"""What the fax server hands over: the receipt of a submitted job, and a document."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SubmissionReceipt:
    """A job the fax server has taken; `device` is the modem of the line asked for. Source: FileSend."""

    job_id: str
    device: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class DownloadedDocument:
    """A document that lies complete and synced at `path`; `size` in bytes. Source: FileDownload."""

    path: Path
    size: int
    content_type: str
    name: str
    """What the server calls the file; safe to show, not a path."""
