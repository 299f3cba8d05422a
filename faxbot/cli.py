"""The command line: serve, doctor, migrate, backup, restored, preview, demo, tour."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="faxbot: send, watch and receive faxes inside Slack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # it would print settings
)


@app.command()
def serve() -> None:
    """Run the bot, with the settings of the environment and .env."""
    gc.disable()  # until `_run`: collections while modules are imported take a fifth of the start
    from faxbot.app import serve as run  # noqa: PLC0415 - the other commands start faster without it
    from faxbot.logs import set_up_logs  # noqa: PLC0415 - as above
    from faxbot.settings import SettingsProblem, load_settings  # noqa: PLC0415 - as above

    try:
        settings = load_settings()
        set_up_logs(settings.faxbot_log_level, as_json=settings.faxbot_log_format.lower() == "json")
        # objects of the start live as long as the process: scanning them would delay acknowledgements
        raise typer.Exit(_run(run(settings, _say, ready=gc.freeze)))
    except SettingsProblem as problem:
        typer.echo(f"faxbot cannot start.\n{problem}", err=True)
        raise typer.Exit(problem.exit_code) from problem


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: the same as JSON.")] = False,  # noqa: FBT002
) -> None:
    """Check everything that serve needs; changes nothing, also while the bot runs."""
    gc.disable()  # as in serve
    import logging  # noqa: PLC0415 - imported only when used

    from rich.console import Console  # noqa: PLC0415 - imported only when used

    from faxbot.doctor.examine import examine  # noqa: PLC0415 - imported only when used
    from faxbot.doctor.report import as_json as json_of  # noqa: PLC0415 - imported only when used
    from faxbot.doctor.report import exit_code, summary, table  # noqa: PLC0415 - imported only when used

    logging.getLogger().addHandler(logging.NullHandler())  # the table is the only output
    gc.enable()
    findings = asyncio.run(examine())
    if as_json:
        _say(json_of(findings))
    else:
        console = Console(highlight=False)
        console.print(table(findings))
        console.print(summary(findings))
    raise typer.Exit(exit_code(findings))


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema (serve does it by itself)."""
    from faxbot.database import open_database  # noqa: PLC0415 - imported only when used
    from faxbot.settings import SettingsProblem, load_settings  # noqa: PLC0415 - imported only when used

    try:
        _, before, after = open_database(load_settings())
    except SettingsProblem as problem:
        typer.echo(f"faxbot cannot migrate.\n{problem}", err=True)
        raise typer.Exit(problem.exit_code) from problem
    typer.echo(
        f"The database is at {after}." if before == after else f"The database went from {before} to {after}."
    )


@app.command()
def backup(
    into: Annotated[Path, typer.Argument(help="The folder in which a new folder for this copy is created.")],
) -> None:
    """Copy the database and the documents, also while the bot runs (docs/operations.md: how to restore)."""
    from faxbot.backup import BackupProblem, back_up  # noqa: PLC0415 - imported only when used
    from faxbot.settings import SettingsProblem, load_settings  # noqa: PLC0415 - imported only when used

    try:
        made = back_up(load_settings(), into, datetime.now(UTC))
    except (SettingsProblem, BackupProblem, OSError) as problem:
        typer.echo(f"faxbot could not make a backup.\n{problem}", err=True)
        raise typer.Exit(2) from problem
    typer.echo(f"{made.folder}: the database, {made.documents} documents; {made.under_way} things under way.")


@app.command()
def restored() -> None:
    """Say that the database was put back: its unfinished work is then looked up before it is done."""
    from faxbot.restored import mark_as_restored  # noqa: PLC0415 - imported only when used
    from faxbot.settings import SettingsProblem, load_settings  # noqa: PLC0415 - imported only when used

    try:
        marked = asyncio.run(mark_as_restored(load_settings(), datetime.now(UTC)))
    except SettingsProblem as problem:
        typer.echo(f"faxbot cannot mark the database.\n{problem}", err=True)
        raise typer.Exit(problem.exit_code) from problem
    typer.echo(f"{marked} things under way are looked up at the next start; none of them is dialed again.")


@app.command()
def preview(
    files: Annotated[
        list[Path], typer.Argument(help="Files as shared in one message.", exists=True, dir_okay=False)
    ],
    paper: Annotated[str, typer.Option(help="The fax server's paper: letter, a4, legal or fit.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="A folder for the document and a picture of each page.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: one line of JSON.")] = False,  # noqa: FBT002
) -> None:
    """Show what would be faxed of some files, without Slack and without a fax server."""
    from faxbot.documents.paper import PAPER  # noqa: PLC0415 - imported only when used
    from faxbot.documents.sandbox import DocumentSandbox  # noqa: PLC0415 - imported only when used
    from faxbot.preview import preview as make  # noqa: PLC0415 - imported only when used
    from faxbot.settings import SettingsProblem, load_document_settings  # noqa: PLC0415 - as above

    try:
        settings = load_document_settings()
    except SettingsProblem as problem:
        typer.echo(f"faxbot cannot preview.\n{problem}", err=True)
        raise typer.Exit(problem.exit_code) from problem
    if (paper := paper.lower() or settings.paper) not in PAPER:
        raise typer.BadParameter(f"write one of {', '.join(PAPER)}", param_hint="--paper")
    sandbox = DocumentSandbox(max_bytes=settings.max_bytes, max_pages=settings.faxbot_max_pages, paper=paper)
    made = asyncio.run(make(files, sandbox, out))
    typer.echo(made.as_json() if as_json else made.as_text())
    raise typer.Exit(0 if made.accepted else 1)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="The port of the page.")] = 8484,
    speed: Annotated[float, typer.Option(help="How many times faster than a real fax machine.")] = 20.0,
    data_dir: Annotated[
        Path | None, typer.Option(help="Keep the data in this folder (default: it is deleted).")
    ] = None,
    http: Annotated[bool, typer.Option("--http", help="HTTP mode instead of Socket Mode.")] = False,  # noqa: FBT002
) -> None:
    """Start a simulated fax server, a stand-in for Slack, and the bot between them."""
    gc.disable()  # as in serve
    from faxbot.demo.stack import run_demo  # noqa: PLC0415 - serve does not need it

    raise typer.Exit(_run(run_demo(port=port, speed=speed, data=data_dir, http=http)))


@app.command()
def tour() -> None:
    """Watch a fax go out and another come in, without a person."""
    gc.disable()  # as in serve
    from faxbot.demo.tour import run_tour  # noqa: PLC0415 - serve does not need it

    raise typer.Exit(_run(run_tour()))


def _say(line: str) -> None:
    typer.echo(line)


def _run(work: Coroutine[Any, Any, int | None]) -> int:
    """Run *work* until it ends, or SIGINT or SIGTERM cancels it; return its exit code."""

    async def until_stopped() -> int:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            return await task or 0
        return 0

    gc.freeze()  # imported code lives as long as the process: scanning it at exit would take long
    gc.enable()
    return asyncio.run(until_stopped())
