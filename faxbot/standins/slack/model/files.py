"""Files: their bytes on disk, the messages that share them, and Slack's file object."""

import mimetypes
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .people import TEAM_ID

_FILETYPES = {
    "application/pdf": ("pdf", "PDF"),
    "image/tiff": ("tiff", "TIFF"),
    "image/png": ("png", "PNG"),
    "image/jpeg": ("jpg", "JPEG"),
    "image/gif": ("gif", "GIF"),
    "text/plain": ("text", "Plain Text"),
    "text/csv": ("csv", "CSV"),
    "text/html": ("html", "HTML"),
    "application/postscript": ("eps", "Encapsulated PostScript"),
    "application/zip": ("zip", "Zip"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx", "Word Document"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx", "Excel Spreadsheet"),
}


@dataclass
class StoredFile:
    """One file of the workspace; a *mode* other than "hosted" hides its content as in Slack."""

    id: str
    name: str
    title: str
    user: str
    size: int
    created: int
    path: Path
    uploaded: bool = False
    """Whether all bytes have been received."""
    completed: bool = False
    """Whether its upload is complete (files.completeUploadExternal, or a person's upload)."""
    mode: str = "hosted"
    given_to_app: bool = False
    """Whether a person submitted it to the app in a modal's file_input."""
    shares: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The messages that share it, by conversation."""
    alt_txt: str = ""

    @property
    def mimetype(self) -> str:
        """The MIME type, guessed from the name."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @property
    def filetype(self) -> tuple[str, str]:
        """Slack's short name of the type, and its display name."""
        suffix = self.name.rpartition(".")[2].lower()
        return _FILETYPES.get(self.mimetype, (suffix or "binary", suffix.upper() or "Binary"))

    def stub(self) -> dict[str, Any] | None:
        """The stub that replaces the file object in messages, when the mode hides the file."""
        if self.mode == "file_access":
            return {
                "id": self.id,
                "mode": "file_access",
                "file_access": "check_file_info",
                "created": self.created,
                "timestamp": self.created,
                "user": self.user,
            }
        if self.mode in {"tombstone", "hidden_by_limit"}:
            return {"id": self.id, "mode": self.mode}
        return None

    def as_dict(self, base: str, channels: dict[str, Any], *, with_shares: bool = False) -> dict[str, Any]:
        """
        Slack's file object; *base* is the address of the workspace.

        Source: Slack's file object reference.
        """
        filetype, pretty = self.filetype
        place = f"{base}/files-pri/{TEAM_ID}-{self.id}"
        external = self.mode == "external"
        kinds: dict[str, list[str]] = {"channel": [], "group": [], "im": []}
        for channel in self.shares:
            kinds[channels[channel].kind].append(channel)
        shown: dict[str, Any] = {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title,
            "mimetype": self.mimetype,
            "filetype": filetype,
            "pretty_type": pretty,
            "user": self.user,
            "user_team": TEAM_ID,
            "editable": False,
            "size": self.size,
            "mode": "external" if external else "hosted",
            "is_external": external,
            "external_type": "gdrive" if external else "",
            "is_public": bool(kinds["channel"]),
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": f"{place}/{quote(self.name)}",
            "url_private_download": f"{place}/download/{quote(self.name)}",
            "permalink": f"{base}/files/{self.user}/{self.id}/{quote(self.name)}",
            "permalink_public": f"{base}/files-public/{TEAM_ID}-{self.id}",
            "comments_count": 0,
            "is_starred": False,
            "has_rich_preview": False,
            "file_access": "visible",
            "channels": kinds["channel"],
            "groups": kinds["group"],
            "ims": kinds["im"],
        }
        if external:
            shown["url_private"] = f"https://drive.example.com/file/{self.id}"
            del shown["url_private_download"]
        if self.alt_txt:
            shown["alt_txt"] = self.alt_txt
        if with_shares:
            shown["shares"] = {
                group: {c: s for c, s in self.shares.items() if (channels[c].kind == "channel") is public}
                for group, public in (("public", True), ("private", False))
                if any((channels[c].kind == "channel") is public for c in self.shares)
            }
        return shown
