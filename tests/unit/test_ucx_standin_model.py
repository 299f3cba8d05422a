"""The model of HylaFAX without sockets: test numbers, queue, own lines, cancellation, restarts."""

import re
from pathlib import Path

import pikepdf
import pytest

from faxbot.standins.ucx import documents, replies
from faxbot.standins.ucx.conversion.tiff_pages import unexpected_failure
from faxbot.standins.ucx.hylafax.clock import ManualClock, SimulatedClock
from faxbot.standins.ucx.hylafax.job import SendJob
from faxbot.standins.ucx.hylafax.line import DEFAULT_LINES
from faxbot.standins.ucx.hylafax.model import HylaFax
from faxbot.standins.ucx.hylafax.numbers import TEST_NUMBERS
from faxbot.standins.ucx.hylafax.reception import CUT_OFF, Caller
from faxbot.standins.ucx.hylafax.records import JobType, Order
from faxbot.standins.ucx.log import EventLog

SUPPORT = "14695551112"
DOCS = Path(__file__).parent.parent.parent / "docs" / "fax-server.md"
HOURS = 4 * 3600.0


class Simulation:
    """A fax system with a manual wall clock."""

    def __init__(self, directory: Path, seed: int = 0, speed: float = 1.0) -> None:
        self.clock = ManualClock()
        self.log = EventLog(self.clock)
        self.system = HylaFax(
            directory, DEFAULT_LINES, SimulatedClock(self.clock, speed), self.log, seed=seed
        )
        self.directory = directory

    def pdf(self, pages: int) -> Path:
        path = self.system.resources.new_file(".pdf")
        documents.compose([[f"{path.name} page {page}"] for page in range(1, pages + 1)], path)
        return path

    def send(self, destination: str, line: str = "1", pages: int = 2) -> SendJob:
        path = self.pdf(pages)
        document = documents.accept(path, path.name, documents.digest(path), path)
        return self.system.submit(line, destination, document)

    def run(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.system.catch_up()

    def records(self, kind: JobType) -> list[replies.JsonObject]:
        return replies.records(self.system.resources.records.listing(kind))

    def dials(self) -> int:
        return len(self.log.entries("dial"))


@pytest.fixture
def simulation(tmp_path: Path) -> Simulation:
    return Simulation(tmp_path)


ENDINGS = {
    "0101": ("Done", "", 1),
    "0102": ("Done", "", 1),
    "0200": ("Failed", "Busy signal detected; too many attempts to dial", 12),
    "0201": ("Done", "", 2),
    "0202": ("Done", "", 3),
    "0203": ("Done", "", 4),
    "0300": ("Failed", "No answer from remote; too many attempts to dial", 12),
    "0301": ("Done", "", 2),
    "0400": ("Failed", "No carrier detected", 2),
    "0401": ("Done", "", 2),
    "0500": ("Failed", "No receiver protocol (T.30 T1 timeout); too many attempts to send", 3),
    "0501": ("Done", "", 2),
    "0600": ("Failed", "No local dialtone; too many attempts to dial", 12),
    "0601": ("Done", "", 2),
    "0700": ("Failed", "Unspecified Transmit Phase C error; too many attempts to send", 3),
    "0701": ("Done", "", 2),
    "0702": ("Done", "", 2),
    "0800": ("Blocked", "Blocked by concurrent calls", 0),
    "0801": ("Ready", "", 0),
    "0901": ("Failed", unexpected_failure(["Document is a multi-sample image (samples/pixel 2)."]), 0),
    "9999": ("Done", "", 1),
}


@pytest.mark.parametrize(("ending", "outcome"), ENDINGS.items())
def test_the_last_digits_decide_how_a_fax_ends(
    ending: str, outcome: tuple[str, str, int], simulation: Simulation
) -> None:
    """State, status text and number of dials are as in the table."""
    job = simulation.send(f"1469555{ending}", pages=3)
    simulation.run(HOURS)
    assert (job.state, job.status_text, simulation.dials()) == outcome


def test_every_test_number_is_tested() -> None:
    """ENDINGS covers the table of test numbers; FileSend refuses 0900 before the model."""
    assert set(TEST_NUMBERS) == set(ENDINGS) - {"9999"} | {"0900"}


def test_the_documented_table_is_the_table() -> None:
    """docs/fax-server.md lists each test number with the summary in the code."""
    documented = dict(re.findall(r"^\| (\d{4}) \| (.+) \|$", DOCS.read_text(), re.MULTILINE))
    assert documented == {ending: outcome.summary for ending, outcome in TEST_NUMBERS.items()}


def test_the_documented_lines_are_the_lines() -> None:
    """docs/fax-server.md lists the default lines."""
    rows = re.findall(r"^\| (\d) \| (\d{3}) \| (\w+) \| (\d{11}) \| (.+) \|$", DOCS.read_text(), re.MULTILINE)
    lines = [(line.id, line.extension, line.name, line.cidnumber, line.cidname) for line in DEFAULT_LINES]
    assert rows == lines


def test_a_fax_to_an_own_number_arrives_as_the_file_that_was_sent(simulation: Simulation) -> None:
    """The RX file equals the PDF sent, byte for byte, also when dialed without the country code."""
    job = simulation.send(SUPPORT[1:], pages=2)
    simulation.run(200)
    (record,) = simulation.system.resources.records.listing(JobType.RX)
    assert record.modem == "ttyIAX2"
    assert record.file is not None
    assert record.file.read_bytes() == job.document.file.read_bytes()


def test_a_cut_call_leaves_two_records_that_hold_all_pages(simulation: Simulation) -> None:
    """The first is marked incomplete; the retry sends the rest, from the first unconfirmed page."""
    job = simulation.send(SUPPORT, pages=3)
    simulation.run(70)
    assert job.sent_pages == 1
    assert simulation.system.cut_calls("2") == 1
    simulation.run(400)
    first, second = simulation.system.resources.records.listing(JobType.RX)
    assert (first.sent_pages, first.status_text, first.state) == (2, CUT_OFF, "Done")
    assert (second.sent_pages, second.status_text) == (2, "")
    assert (job.state, job.total_dials) == ("Done", 2)
    with pikepdf.open(second.file) as rest, pikepdf.open(job.document.file) as whole:
        assert rest.pages[0].Contents.read_bytes() == whole.pages[1].Contents.read_bytes()


def test_a_second_job_to_one_number_is_blocked_even_while_the_first_sleeps(simulation: Simulation) -> None:
    """It is dialed on its own line after the first has ended; calls to one number never overlap."""
    first = simulation.send("14695550201", line="1")
    simulation.run(60)
    second = simulation.send("14695550201", line="2")
    simulation.run(5)
    assert (first.state, second.state) == ("Sleeping", "Blocked")
    assert (second.status_text, second.total_pages) == ("Blocked by concurrent calls", 0)
    simulation.run(HOURS)
    assert (first.state, second.state) == ("Done", "Done")
    order = [entry["job_id"] for entry in simulation.log.entries() if entry["kind"] in ("dial", "hangup")]
    assert order == ["TX1"] * 4 + ["TX2"] * 4


def test_an_own_line_that_is_occupied_is_busy(simulation: Simulation) -> None:
    """A line that is sending does not answer a call."""
    simulation.send("14695550102", line="2", pages=5)
    simulation.run(20)
    job = simulation.send(SUPPORT)
    simulation.run(20)
    assert (job.state, job.status_text) == ("Sleeping", "Busy signal detected")


def test_a_line_out_of_service_neither_dials_nor_answers(simulation: Simulation) -> None:
    """Its jobs stay Ready, its callers get no answer, and FaxUsage shows that it waits for its modem."""
    simulation.system.set_in_service("2", in_service=False)
    own = simulation.send("14695550101", line="2")
    to_it = simulation.send(SUPPORT, line="1")
    simulation.run(100)
    assert own.state == "Ready"
    assert to_it.status_text == "No answer from remote"
    assert replies.usage(simulation.system, "2")["state"] == "Waiting for modem to come ready"
    simulation.system.set_in_service("2", in_service=True)
    simulation.run(300)
    assert own.state == "Done"


def test_a_damaged_pdf_fails_when_it_is_converted(simulation: Simulation) -> None:
    """It is accepted, fails within two seconds with no pages, is never dialed, and frees its line."""
    path = simulation.system.resources.new_file(".pdf")
    path.write_bytes(b"%PDF-1.7\nnothing of the kind")
    job = simulation.system.submit("1", "14695550101", documents.accept(path, "a.pdf", "", path))
    simulation.run(2)
    assert (job.state, job.total_pages, simulation.dials()) == ("Failed", 0, 0)
    assert job.status_text == "Could not reopen converted document to verify format"
    assert replies.usage(simulation.system, "1")["state"] == "Running and idle"


@pytest.mark.parametrize(("at", "takes"), [(0.5, 0), (1.0, 0), (5, 36), (70, 4)])
def test_canceling_takes_as_long_as_the_call_needs(at: float, takes: float, simulation: Simulation) -> None:
    """At once before the call, 36 s while dialing, 4 s in mid-page; the text says "by request"."""
    job = simulation.send("14695550101", pages=5)
    simulation.run(at)
    simulation.system.queue.cancel(job)
    simulation.run(max(0.0, takes - 0.1))
    assert job.ended is (takes == 0)
    simulation.run(0.2)
    simulation.run(0.5)
    assert (job.state, job.status_text) == ("Failed", "Job aborted by request")


def test_canceling_after_the_last_page_leaves_the_job_done(simulation: Simulation) -> None:
    """A fax that was sent completely is recorded as Done and received once."""
    job = simulation.send(SUPPORT, pages=1)
    while job.sent_pages < 1:
        simulation.run(0.5)
    simulation.system.queue.cancel(job)
    simulation.run(60)
    assert job.state == "Done"
    assert len(simulation.records(JobType.RX)) == 1


def test_an_incoming_fax_waits_for_its_line_and_is_cut_on_request(simulation: Simulation) -> None:
    """Two faxes to one line are received in turn; the cut one is Done with a text and fewer pages."""
    caller = Caller("12145550100", "MV", "MV FAX")
    simulation.system.receive("3", caller, simulation.pdf(3), cut=1)
    simulation.system.receive("3", caller, simulation.pdf(2))
    simulation.run(30)
    (active,) = replies.active_jobs(simulation.system, JobType.RX)
    assert (active["jobid"], active["status_text"]) == ("RX1", 'Receiving from "MV FAX"')
    simulation.run(400)
    shown = [
        (record["jobid"], record["sent_pages"], record["status_text"])
        for record in simulation.records(JobType.RX)
    ]
    assert shown == [("RX1", "1", CUT_OFF), ("RX2", "2", "")]


def test_a_restart_keeps_the_queue_and_drops_the_calls(simulation: Simulation) -> None:
    """A fax that was being sent is resumed at its first unsent page and ends Done."""
    job = simulation.send("14695550101", pages=3)
    sleeping = simulation.send("14695550201", line="2")
    simulation.run(60)
    assert (job.sent_pages, sleeping.state) == (1, "Sleeping")
    simulation.system.restart()
    assert job.state == "Ready"
    simulation.run(HOURS)
    assert (job.state, job.sent_pages, sleeping.state) == ("Done", 3, "Done")


def test_a_reset_server_counts_from_one_again_and_may_keep_its_records(simulation: Simulation) -> None:
    """Two records may then share an id; `find` returns the newer one."""
    simulation.send("14695550101")
    simulation.run(200)
    simulation.system.restart(keep_jobs=False, reuse_ids=True)
    again = simulation.send("14695550102")
    simulation.run(600)
    assert again.jobid == "TX1"
    assert [record["jobid"] for record in simulation.records(JobType.TX)] == ["TX1", "TX1"]
    assert simulation.system.resources.records.find("TX1").phone_number == "14695550102"


def test_the_same_seed_gives_the_same_run_and_another_gives_another(tmp_path: Path) -> None:
    """Random variation depends on the seed only."""
    runs = []
    for number, seed in enumerate((1, 1, 2)):
        place = tmp_path / str(number)
        place.mkdir()
        simulation = Simulation(place, seed=seed)
        simulation.send("14695550701", pages=4)
        simulation.run(HOURS)
        runs.append([record["duration"] for record in simulation.records(JobType.TX)])
    assert runs[0] == runs[1] != runs[2]


def test_speed_scales_durations_and_leaves_timestamps_on_the_wall_clock(tmp_path: Path) -> None:
    """At speed 200 a sleeping job is due within a second of wall time, and its times agree."""
    simulation = Simulation(tmp_path, speed=200)
    job = simulation.send("14695550200")
    start = simulation.clock()
    simulation.run(0.2)
    status = replies.active_jobs(simulation.system, JobType.TX)[0]
    assert status["state"] == "Sleeping"
    assert start <= status["time"] + 1 <= start + 2
    assert simulation.system.clock.real(job.wakes_at) - simulation.clock() < 1


def test_a_change_of_speed_or_a_pause_does_not_make_time_jump(simulation: Simulation) -> None:
    """Simulated time continues from its value before the change."""
    clock = simulation.system.clock
    simulation.run(10)
    clock.set_speed(10)
    assert clock.simulated() == pytest.approx(10)
    simulation.run(1)
    clock.pause()
    simulation.run(100)
    assert clock.simulated() == pytest.approx(20)
    clock.resume()
    simulation.run(1)
    assert clock.simulated() == pytest.approx(30)


def test_records_are_listed_in_the_chosen_order(simulation: Simulation) -> None:
    """Ascending as written, descending, or shuffled; always every record."""
    for _ in range(4):
        simulation.system.receive("1", Caller("1", "", ""), simulation.pdf(1))
    simulation.run(HOURS)
    records = simulation.system.resources.records
    orders = {}
    for order in Order:
        records.order = order
        orders[order] = [record.jobid for record in records.listing(JobType.RX)]
    assert orders[Order.ASCENDING] == ["RX1", "RX2", "RX3", "RX4"]
    assert orders[Order.DESCENDING] == orders[Order.ASCENDING][::-1]
    assert sorted(orders[Order.SHUFFLED]) == orders[Order.ASCENDING] != orders[Order.SHUFFLED]
