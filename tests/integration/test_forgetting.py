"""After everything that may be forgotten is: old cards still work, and old shares are not faxed again."""

from faxbot.services.model.messages import ReceivedFax
from faxbot.services.model.request_bodies import RequestKind
from faxbot.services.model.requests import KEPT_SECONDS
from faxbot.services.model.spool import outgoing, received
from tests.support.services import CLAIMS, DANA, INBOUND, PRIYA, services_over, session_of
from tests.support.waiting import until

YEAR = 365 * 86_400.0
AGED = "datetime({}, '-365 days') || '.000000'"


async def a_year_passes(bot) -> None:
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
            session_of(ledger).connection().exec_driver_sql(f"update {table} set {changed}")  # noqa: S608

    await bot.store.write(age)
    await bot.expiry.tick()
    await bot.retention.tick()


def count(table: str):
    asking = f"select count(*) from {table}"  # noqa: S608
    return lambda ledger: session_of(ledger).connection().exec_driver_sql(asking).scalar()


async def test_the_buttons_of_old_cards_still_work(tmp_path, fax, slack):
    """A year later the fax of a card is fetched and its record deleted, and so is a received one's."""
    async with services_over(tmp_path, fax, slack) as bot:
        await bot.send("+1 469 555 1112")
        await bot.tick_until(lambda: "delivered" in slack.steps() and slack.received())
        await bot.tick_until(lambda: [p for p in slack.posts if isinstance(p.message, ReceivedFax)][1:])
        await until(lambda: bot.outbox.depth == 0)
        await a_year_passes(bot)
        assert not outgoing(tmp_path / "spool", 1).exists()
        assert not received(tmp_path / "spool", 1).exists()
        assert await bot.store.read(count("announcements")) <= 4  # card, file, details, and the newest
        await bot.runner.accept(bot.request(RequestKind.GET, user=DANA, fax_id=1))
        await bot.tick_until(lambda: slack.received(CLAIMS))
        await bot.runner.accept(bot.request(RequestKind.DELETE, user=DANA, fax_id=1))
        await bot.tick_until(lambda: "deleted" in slack.steps())
        details = next(p for p in slack.posts if isinstance(p.message, ReceivedFax) and not p.file_id)
        about = {"record_id": details.message.record_id}
        await bot.runner.accept(bot.request(RequestKind.DELETE, user=PRIYA, channel=INBOUND, **about))
        await bot.tick_until(lambda: details.message.deleted_by == PRIYA)
    assert slack.cards()[0].message.fax.deleted_by == DANA
    assert len(slack.cards()) == 1


async def test_a_share_of_long_ago_is_not_faxed_again(tmp_path, fax, slack):
    """files.info of a file shared again lists its old shares too: they become no new requests."""
    (ts,) = slack.share_ts
    async with services_over(tmp_path, fax, slack) as bot:
        share = bot.request(RequestKind.SHARE, ts=ts, text="to 469 555 0101", files=None, dm=False)
        share.key = f"share:{CLAIMS}:{ts}"
        await bot.runner.accept(share)
        await bot.tick_until(lambda: "delivered" in slack.steps())
        await a_year_passes(bot)
        slack.share_ts = [ts, f"{float(ts) - 2 * KEPT_SECONDS:.6f}"]
        await bot.runner.accept(bot.request(RequestKind.SHARED_FILE, file_id="F0"))
        await bot.tick_until(bot.runner.idle)
        assert await bot.store.read(count("faxes")) == 1
    assert len(fax.log.entries("submission")) == 1
