"""Streams a document from disk as multipart/form-data. Source: FileSend, ucx-fax-api."""

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
    A request body: the form fields, then the document as the part `attachment`. It can be sent again.

    It has a Content-Length, since not every server accepts a chunked upload. The file is read in a thread.
    `at_end` is called when the last chunk has been sent.

    Raises:
        BadDocument: There is no file at *path*.
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
    """A file name of ASCII letters, digits, dot, dash and underscore only, which any server can store."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    path = PurePath(re.sub(r"[^A-Za-z0-9._-]+", "_", plain).strip("._"))
    return f"{path.stem[:_LONGEST_STEM] or 'document'}{path.suffix[:8]}"
