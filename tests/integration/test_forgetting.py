"""After everything that may be forgotten is: old cards still work, and old shares are not faxed again."""

from faxbot.services.model.messages import ReceivedFax
from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.model.requests import KEPT_SECONDS
from faxbot.services.model.spool import outgoing, received
from tests.support.services import CLAIMS, DANA, INBOUND, PRIYA, house
from tests.support.waiting import until

YEAR = 365 * 86_400.0
AGED = "datetime({}, '-365 days') || '.000000'"


async def a_year_passes(home) -> None:
    """Every moment in the database is a year earlier; then both ticks clear up."""
    moments = {
        "requests": ("created_at", "forget_at"),
        "faxes": ("created_at", "ended_at"),
        "records": ("seen_at",),
        "announcements": ("created_at", "sent_at"),
    }

    def age(ledger):
        for table, columns in moments.items():
            changed = ", ".join(f"{column} = {AGED.format(column)}" for column in columns)
            ledger._session.connection().exec_driver_sql(f"update {table} set {changed}")  # noqa: S608

    await home.store.write(age)
    await home.expiry.tick()
    await home.retention.tick()


def count(table: str):
    asking = f"select count(*) from {table}"  # noqa: S608
    return lambda ledger: ledger._session.connection().exec_driver_sql(asking).scalar()


async def test_the_buttons_of_old_cards_still_work(tmp_path, fax, slack):
    """A year later the fax of a card is fetched and its record deleted, and so is a received one's."""
    async with house(tmp_path, fax, slack) as home:
        await home.send("+1 469 555 1112")
        await home.tick_until(lambda: "delivered" in slack.steps() and slack.received())
        await home.tick_until(lambda: [p for p in slack.posts if isinstance(p.message, ReceivedFax)][1:])
        await until(lambda: home.outbox.depth == 0)
        await a_year_passes(home)
        assert not outgoing(tmp_path / "spool", 1).exists()
        assert not received(tmp_path / "spool", 1).exists()
        assert await home.store.read(count("announcements")) <= 4  # card, file, details, and the newest
        await home.runner.accept(home.request(RequestKind.GET, user=DANA, fax_id=1))
        await home.tick_until(lambda: slack.received(CLAIMS))
        await home.runner.accept(home.request(RequestKind.DELETE, user=DANA, fax_id=1))
        await home.tick_until(lambda: "deleted" in slack.steps())
        details = next(p for p in slack.posts if isinstance(p.message, ReceivedFax) and not p.file_id)
        about = {"record_id": details.message.record_id}
        await home.runner.accept(home.request(RequestKind.DELETE, user=PRIYA, channel=INBOUND, **about))
        await home.tick_until(lambda: details.message.deleted_by == PRIYA)
    assert slack.cards()[0].message.fax.deleted_by == DANA
    assert len(slack.cards()) == 1


async def test_a_share_of_long_ago_is_not_faxed_again(tmp_path, fax, slack):
    """A file that is shared anew names its old messages as well: these were wishes of their time."""
    (ts,) = slack.share_ts
    async with house(tmp_path, fax, slack) as home:
        share = home.request(RequestKind.SHARE, ts=ts, text="to 469 555 0101", files=None, dm=False)
        share.key = f"share:{CLAIMS}:{ts}"
        await home.runner.accept(share)
        await home.tick_until(lambda: "delivered" in slack.steps())
        await a_year_passes(home)
        slack.share_ts = [ts, f"{float(ts) - 2 * KEPT_SECONDS:.6f}"]
        await home.runner.accept(home.request(RequestKind.SHARED_FILE, file_id="F0"))
        await home.tick_until(home.runner.idle)
        assert await home.store.read(count("faxes")) == 1
    assert len(fax.log.entries("submission")) == 1
