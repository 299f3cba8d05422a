"""How fast a command is acknowledged that only asks."""

from itertools import cycle, islice

from benchmarks.acknowledgements import ALONE, TOGETHER, compare, three_sides, warm_up
from benchmarks.findings import Findings
from benchmarks.row import Row, RowContext
from tests.support.waiting import until

AT_MOST = 1.2
JOBS = 20
RECORDS = 500
QUESTIONS = ("help", "lines", "status TX1", "active tx", "history rx", "subscriptions")


async def measure(context: RowContext) -> Findings:
    """
    The same questions to the bot and to two bare apps in turn.

    The bot answers each question after its acknowledgement, while later ones still wait for theirs; the next
    ones are asked when all are answered.
    """
    rounds, singles, bursts = (1, 2, 1) if context.smoke else (8, 30, 2)
    await context.ucx.reset()
    await context.ucx.have_jobs(JOBS, ready=False)
    await context.ucx.have_records("RX", RECORDS)
    async with three_sides(context) as sides:
        questions = cycle(QUESTIONS)
        asked = len(QUESTIONS)
        for side in sides:
            await warm_up(side, [side.command(text) for text in QUESTIONS])

        async def ask(measured: str, count: int) -> None:
            nonlocal asked
            texts = list(islice(questions, count))
            for side in sides:
                await side.do(measured, [side.command(text) for text in texts])
            asked += count
            await until(
                lambda: sides.bot.noted("response_url") >= asked, 60, what="an answer to each question"
            )

        for _ in range(rounds):
            for _ in range(singles):
                await ask(ALONE, 1)
            for _ in range(bursts):
                await ask(TOGETHER, 50)
    found = Findings()
    for measured in (ALONE, TOGETHER):
        compare(found, f"a question, {measured}", [measured], sides, at_most=AT_MOST)
    found.expect("questions answered", {"": sides.bot.noted("response_url")}, {"": asked})
    found.expect("not acknowledged in time", sides.unanswered(), {"bot": 0, "bare": 0, "lone": 0})
    return found


ROW = Row("reads", "Acknowledgement of commands that only ask", measure, counts=False)
