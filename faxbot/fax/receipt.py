"""What the fax server returns: the receipt of a submission, and a downloaded document."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SubmissionReceipt:
    """An accepted submission; `device` is the modem of the line in the request. Source: FileSend."""

    job_id: str
    device: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True)
class DownloadedDocument:
    """A document, complete and fsynced at `path`; `size` is in bytes. Source: FileDownload."""

    path: Path
    size: int
    content_type: str
    name: str
    """The server's name for the file, without a path; safe to show."""
