"""Promise 6 for the whole bot: what its process says to each server, byte for byte."""

import asyncio
import base64
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from faxbot.demo.person import Person, SeenState
from faxbot.standins.slack import Workspace
from faxbot.standins.slack.model.people import CLAIMS, DANA, INBOUND_FAX
from faxbot.standins.ucx import SimulatedUcx
from tests.support.processes import ROOT, BotProcess, settings_for
from tests.support.services import make_pdf

SOON = 60.0
REQUEST = re.compile(rb"(GET|POST|PUT) (/\S*) HTTP/1\.1\r\n(.*?)\r\n\r\n", re.DOTALL)


@dataclass
class Wire:
    """A way to a server on which everything that is said to it is noted."""

    said: list[bytearray] = field(default_factory=list)
    url: str = ""

    @property
    def everything(self) -> bytes:
        return b"\n".join(self.said)

    def requests(self, path: str) -> list[tuple[str, str]]:
        """Target and headers of each request to *path* and below."""
        found = (match.groups() for part in self.said for match in REQUEST.finditer(part))
        answer = [(target.decode(), headers.decode()) for _, target, headers in found]
        return [each for each in answer if each[0].startswith(path)]


@contextlib.asynccontextmanager
async def wire_to(url: str) -> AsyncIterator[Wire]:
    wire = Wire()
    there = urlsplit(url)

    async def pump(reader, writer, note=None) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if note is not None:
                    note += data
                writer.write(data)
                await writer.drain()
        writer.close()

    async def carry(reader, writer) -> None:
        wire.said.append(bytearray())
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            to_server = await asyncio.open_connection(there.hostname, there.port)
            await asyncio.gather(pump(reader, to_server[1], wire.said[-1]), pump(to_server[0], writer))

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        server.close()


async def test_each_server_gets_its_own_credentials_only(tmp_path):
    """Through a fax out and one in, commands, uploads and answers: no token where it does not belong."""
    make_pdf(tmp_path / "a.pdf", 1)
    async with SimulatedUcx(
        tmp_path / "ucx", speed=400, client_id="ucx-id-77", client_secret="ucx-secret-99"
    ) as fax:
        workspace = Workspace(tmp_path / "ws", manifest=ROOT / "manifest.yml")
        async with workspace, wire_to(workspace.url) as slack, wire_to(fax.url) as ucx:
            page, workspace.state.base = workspace.url, slack.url
            settings = settings_for(tmp_path, fax, workspace) | {"UCX_URL": ucx.url}
            bot = BotProcess(tmp_path, settings)
            await bot.start()
            try:
                async with Person(page, DANA) as dana:
                    await dana.post(CLAIMS, "this", files=await dana.upload(tmp_path / "a.pdf"))
                    await dana.command(CLAIMS, "/fax send 469 555 1112")
                    await dana.command(CLAIMS, "/fax lines")

                    def arrived(sight: SeenState):
                        files = [m for m in sight.in_channel(INBOUND_FAX) if m.get("files")]
                        return files and len(sight.ephemerals_in(CLAIMS)) >= 2

                    await dana.until("the fax and the answers", arrived, within=SOON)
            finally:
                await bot.stop()
            bot_token, app_token, bearer = workspace.bot_token, workspace.app_token, fax.credentials.token
    basic = base64.b64encode(b"ucx-id-77:ucx-secret-99").decode()
    assert f"Authorization: Basic {basic}".lower().encode() in ucx.everything.lower()
    for foreign in ("ucx-secret-99", basic, bearer):
        assert foreign.encode() not in slack.everything
    for foreign in (bot_token, app_token, "xoxb-", "xapp-", workspace.signing_secret):
        assert foreign.encode() not in ucx.everything
    with_bot_token = {
        target.partition("?")[0] for target, headers in slack.requests("/") if bot_token in headers
    }
    assert {"/api/chat.postMessage", "/api/files.info"} <= with_bot_token
    assert all(path.startswith(("/api/", "/files-pri/")) for path in with_bot_token), with_bot_token
    with_app_token = {target for target, headers in slack.requests("/") if app_token in headers}
    assert with_app_token == {"/api/apps.connections.open"}
    for secret in (bot_token, app_token, bearer, basic):
        assert [target for wire in (slack, ucx) for target, _ in wire.requests("/") if secret in target] == []
    for path in ("/upload/", "/commands/", "/link/"):
        assert [headers for _, headers in slack.requests(path) if "authorization" in headers.lower()] == []
        assert slack.requests(path), path
