"""A document on its way out: multipart/form-data, read from disk as it is sent. Source: FileSend."""

import asyncio
import re
import secrets
import unicodedata
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path, PurePath

import httpx

from faxbot.fax.errors import BadDocument

_CHUNK = 256 * 1024
_LONGEST_STEM = 80
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


class DocumentUpload(httpx.AsyncByteStream):
    """
    The form fields, then the document as the part `attachment`. May be sent more than once.

    The length is told up front: not every server takes a chunked upload. The disk is read off the loop.
    `at_end` is called when the last piece is taken.

    Raises:
        BadDocument: There is no such file to send.
    """

    def __init__(self, path: Path, form: Mapping[str, str], *, name: str, content_type: str) -> None:
        try:
            self._size = path.stat().st_size
        except OSError as exc:
            raise BadDocument("The document is no longer there. Share it again.") from exc
        self._path = path
        self.at_end: Callable[[], None] = lambda: None
        boundary = secrets.token_hex(16)
        kind = content_type if _TYPE.fullmatch(content_type) else "application/octet-stream"
        fields = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
            for field, value in form.items()
        )
        attachment = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="attachment"; '
            f'filename="{ascii_name(name)}"'
            f"\r\nContent-Type: {kind}\r\n\r\n"
        )
        self._head = (fields + attachment).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self.headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(self._head) + self._size + len(self._tail)),
        }

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._head
        with await asyncio.to_thread(self._path.open, "rb") as document:
            while chunk := await asyncio.to_thread(document.read, _CHUNK):
                yield chunk
        yield self._tail
        self.at_end()


def ascii_name(name: str) -> str:
    """A file name that any server can keep: plain letters, digits, dot, dash and underscore."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    path = PurePath(re.sub(r"[^A-Za-z0-9._-]+", "_", plain).strip("._"))
    return f"{path.stem[:_LONGEST_STEM] or 'document'}{path.suffix[:8]}"
