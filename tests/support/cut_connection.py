"""A proxy in front of PostgreSQL that cuts the connection at a COMMIT, before or after the server has it."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

_NAME = ".s.PGSQL.5432"
_COMMIT = b"COMMIT\0"


class CommitProxy:
    """Listens on a Unix socket in *folder*; `cut` says what befalls the next COMMIT."""

    def __init__(self, url: str, folder: Path) -> None:
        parsed = make_url(url)
        self._server = str(Path(str(parsed.query["host"])) / _NAME)
        self.url = parsed.update_query_dict({"host": str(folder)}).render_as_string(hide_password=False)
        self.cut = ""
        """`before` the server has the COMMIT, `after` it has answered, or not at all."""
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / _NAME))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more connections."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
                threading.Thread(target=self._to_client, args=(client, server), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError), server:
            while data := client.recv(1 << 16):
                if _COMMIT in data and self.cut == "before":
                    self.cut = ""
                    for each in (client, server):
                        each.shutdown(socket.SHUT_RDWR)
                    return
                if _COMMIT in data and self.cut == "after":
                    self.cut = "now"
                server.sendall(data)

    def _to_client(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            while data := server.recv(1 << 16):
                if self.cut == "now":
                    self.cut = ""
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)


@contextlib.contextmanager
def commit_proxy(url: str, folder: Path) -> Iterator[CommitProxy]:
    """A proxy in front of the server of *url*."""
    proxy = CommitProxy(url, folder)
    try:
        yield proxy
    finally:
        proxy.close()
