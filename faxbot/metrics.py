"""
Prometheus metrics: counters and histograms fed by the adapters, gauges read from the services at each scrape.

They are served with `/healthz` and `/readyz` at FAXBOT_METRICS_PORT, if it is set. Labels are names of
methods, states and outcomes, never names of people or numbers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from faxbot.bootstrap import Services
from faxbot.services.model.ledger import Store
from faxbot.services.model.ports import Clock

ACKNOWLEDGED = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)
"""Histogram buckets in seconds; Slack's limit is 3."""
POSTED = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


class Metrics:
    """The counters and histograms. Its methods are the callbacks in `adapters.MetricsCallbacks`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._acknowledged = Histogram(
            "faxbot_acknowledgement_seconds",
            "From an envelope of Slack to its acknowledgement",
            ["kind"],
            buckets=ACKNOWLEDGED,
            registry=self.registry,
        )
        self._calls = Counter(
            "faxbot_calls",
            "Calls to the fax server and to Slack, by method and outcome",
            ["server", "method", "outcome"],
            registry=self.registry,
        )
        self._call_seconds = Histogram(
            "faxbot_call_seconds",
            "How long calls to the fax server and to Slack take",
            ["server", "method"],
            registry=self.registry,
        )
        self._posted = Histogram(
            "faxbot_received_to_posted_seconds",
            "From the moment a received fax was found to its file in a channel",
            buckets=POSTED,
            registry=self.registry,
        )

    def called_ucx(self, method: str, outcome: str, seconds: float) -> None:
        """Count a finished call of the Fax API."""
        self._called("ucx", method, outcome, seconds)

    def called_slack(self, method: str, outcome: str, seconds: float) -> None:
        """Count a finished call of the Web API."""
        self._called("slack", method, outcome, seconds)

    def _called(self, server: str, method: str, outcome: str, seconds: float) -> None:
        self._calls.labels(server, method, outcome).inc()
        self._call_seconds.labels(server, method).observe(seconds)

    def acknowledged(self, kind: str, seconds: float) -> None:
        """Count an acknowledged envelope."""
        self._acknowledged.labels(kind).observe(seconds)

    def posted(self, seconds: float) -> None:
        """Count a received fax whose file is in a channel."""
        self._posted.observe(seconds)

    def watch(self, services: Services, connections: "Connected", clock: Clock) -> None:
        """Read the gauges from *services* at each scrape."""
        self.registry.register(_Gauges(services, connections, clock))


Connected = Callable[[], int]
"""Returns the number of open connections to Slack."""


class _Gauges(Collector):
    """Gauges, computed at each scrape."""

    def __init__(self, services: Services, connected: Connected, clock: Clock) -> None:
        self._services, self._connected, self._clock = services, connected, clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the current values."""
        services, now = self._services, self._clock.now()
        jobs = GaugeMetricFamily("faxbot_jobs", "Faxes under way at the fax server", labels=["state"])
        for state, count in services.watch.states().items():
            jobs.add_metric([state], count)
        yield jobs
        ticks = GaugeMetricFamily(
            "faxbot_tick_age_seconds", "Seconds since the last successful run of a tick", labels=["tick"]
        )
        for name, at in services.ticks.last_success.items():
            ticks.add_metric([name], (now - at).total_seconds())
        yield ticks
        outbox = services.outbox
        yield _gauge("faxbot_outbox_depth", "Announcements that wait to be posted", outbox.depth)
        oldest = max(0.0, now.timestamp() - outbox.oldest) if outbox.oldest else 0.0
        yield _gauge("faxbot_outbox_oldest_seconds", "How long the oldest of them has waited", oldest)
        yield _gauge(
            "faxbot_slack_connections", "Connections over which Slack can reach us", self._connected()
        )
        away = services.outages.since
        yield _gauge("faxbot_fax_server_answers", "1 while the fax server answers", float(away is None))


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, value=value)


@dataclass(frozen=True, slots=True)
class Health:
    """What `/readyz` checks; `outage_since` returns the start of the fax server's outage, or None."""

    store: Store
    connected: Connected
    outage_since: Callable[[], datetime | None]


async def serve_metrics(metrics: Metrics, health: Health, host: str, port: int) -> web.AppRunner:
    """
    Serve HTTP on *host* and *port* until the returned runner is cleaned up.

    Raises:
        OSError: The port is taken.
    """

    async def healthz(_: web.Request) -> web.Response:
        """Respond 200 while the event loop runs."""
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        """
        Respond 200 if Slack can reach the bot and the database can be read, else 503.

        An outage of the fax server is reported, but does not change the status: requests wait for its end.
        """
        store = await _can_read(health.store)
        slack = health.connected() > 0
        outage = health.outage_since()
        checks = {"store": store, "slack": slack, "fax_server_away_since": outage and outage.isoformat()}
        return web.json_response({"ready": store and slack, **checks}, status=200 if store and slack else 503)

    async def scrape(_: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", scrape)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


async def _can_read(store: Store) -> bool:
    try:
        await store.read(lambda ledger: ledger.recall("anything"))
    except Exception:  # noqa: BLE001 - the drivers raise different exceptions
        return False
    return True
