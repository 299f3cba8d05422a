"""Checks of this machine: data directory, free disk space, database, converters."""

import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from faxbot.database import reason_of
from faxbot.datadir import OWNER_ONLY, private_paths
from faxbot.doctor.blocking import run_in_thread
from faxbot.doctor.finding import Check, Finding, green, red, yellow
from faxbot.settings import Settings
from faxbot.store.engine import DriverMissing, database_file, open_to_read
from faxbot.store.schema import newest_revision, revision

DATA, ROOM, DATABASE, CONVERTERS = "Data directory", "Free space", "Database", "Converters"

_MEGABYTE = 1 << 20
_DOCUMENTS_RED, _DOCUMENTS_YELLOW = 3, 10
"""Free space below this multiple of the largest document is red or yellow. Three copies of a document can be
on the disk at once: as shared, as converted, and as it is being written."""
_ROOM_YELLOW = 1 << 30
"""Free space below this is yellow; in bytes."""
_CHECK_DRIVE = "See whether the drive it is on answers (ls); a network drive may be away."
"""The remedy when a check of files runs into its time limit."""


class MachineChecks:
    """The checks of the folders, files and programs on this machine that *settings* refer to."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._data = settings.faxbot_data_dir

    def checks(self) -> list[Check]:
        """The checks in the order of the table."""
        return [
            Check(DATA, lambda: run_in_thread(self.data), late=_CHECK_DRIVE),
            Check(ROOM, lambda: run_in_thread(self.room), late=_CHECK_DRIVE),
            Check(DATABASE, lambda: run_in_thread(self.database), late=_CHECK_DRIVE),
            Check(CONVERTERS, lambda: run_in_thread(self.converters)),
        ]

    def data(self) -> Finding:
        """The data directory exists or can be created, is writable, and is closed to other users."""
        data = self._data
        if data.exists() and not data.is_dir():
            return red(
                f"{data} is a file, not a folder.",
                "Name a folder in FAXBOT_DATA_DIR: an empty one, or one that is not there yet.",
            )
        there = _nearest(data)
        try:
            with tempfile.TemporaryFile(dir=there) as file:
                file.write(b"faxbot")
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            give = f"sudo chown -R {_me()} {data.absolute()}"
            if there != data:
                give = f"sudo mkdir -p {data.absolute()} && {give}"
            return red(
                f"Nothing can be written to {there.absolute()} ({exc.strerror or type(exc).__name__}).",
                f"Give the folder to the user that faxbot runs as ({_me()}): {give}. If the disk itself "
                "can't be written, name a folder on another one in FAXBOT_DATA_DIR.",
            )
        if there != data:
            return green(f"{data.absolute()} is not there yet; faxbot serve makes it.")
        return self._rights()

    def _rights(self) -> Finding:
        """Owner and permissions of the data directory and of faxbot's files in it."""
        data = self._data
        kept = [path for path in (*private_paths(data), *self._database_files()) if path.exists()]
        shut = [path for path in kept if not os.access(path, os.R_OK | os.W_OK)]
        if shut:
            return red(
                f"{len(shut)} of faxbot's files in {data.absolute()} can't be used by {_me()}, such as "
                f"{shut[0].name}: faxbot ran as another user before.",
                f"Give them back: sudo chown -R {_me()} {data.absolute()}",
            )
        owner = data.stat().st_uid
        if owner != os.getuid():
            return yellow(
                f"{data.absolute()} belongs to {_name(owner)}, and you are {_me()}.",
                f"Run faxbot doctor, too, as the user that faxbot runs as: sudo -u {_name(owner)} …",
            )
        if any(stat.S_IMODE(path.stat().st_mode) & ~OWNER_ONLY for path in (data, *kept)):
            return yellow(
                f"{data.absolute()} can be written, and other users of this machine can read it.",
                f"Close it: chmod -R go= {data.absolute()}",
            )
        return green(f"{data.absolute()} can be written, by {_me()} alone.")

    def _database_files(self) -> list[Path]:
        path = database_file(self._settings.database)
        if path is None:
            return []
        return [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]

    def room(self) -> Finding:
        """Free space on the disk of the documents or of the database, whichever has less."""
        file = database_file(self._settings.database)
        places = {_nearest(self._data), _nearest(file.parent if file else self._data)}
        free, place = min((shutil.disk_usage(each).free, each) for each in places)
        document = self._settings.faxbot_max_megabytes * _MEGABYTE
        found = f"{_size(free)} free at {place.absolute()}."
        remedy = (
            f"Make room on that disk, or name a folder on another one in FAXBOT_DATA_DIR. A smaller "
            f"FAXBOT_SPOOL_DAYS (now {self._settings.faxbot_spool_days:g}) keeps less."
        )
        if free < _DOCUMENTS_RED * document:
            return red(f"Only {found} Faxes can't be kept.", remedy)
        if free < max(_ROOM_YELLOW, _DOCUMENTS_YELLOW * document):
            return yellow(f"Only {found}", remedy)
        return green(found)

    def database(self) -> Finding:
        """The database is readable and at the schema this version needs; it is opened read-only."""
        path = database_file(self._settings.database)
        if path is None:
            return self._postgresql()
        if not path.exists():
            return green(f"{path.absolute()} is not there yet; faxbot serve makes it.")
        if path.stat().st_size == 0:
            return green(f"{path.absolute()} is empty; faxbot serve fills it.")
        engine = open_to_read(self._settings.database)
        try:
            schema = revision(engine)
        except DatabaseError as exc:
            return red(
                f"{path.absolute()} can't be read as a database ({exc.orig}).",
                "See whether DATABASE_URL names the right file, and whether it can be read by "
                f"{_me()}. If it is damaged, put back a copy of it from a backup.",
            )
        finally:
            engine.dispose()
        return _judge_schema(schema)

    def _postgresql(self) -> Finding:
        try:
            schema = revision(open_to_read(self._settings.database))
        except DriverMissing as exc:
            return red("The package for PostgreSQL is not installed.", str(exc))
        except DatabaseError as exc:
            return red(
                f"The PostgreSQL server can't be used ({reason_of(exc)}).",
                "See whether it runs, and whether DATABASE_URL has its host, database, user and password.",
            )
        if schema is None:
            return green("The database on the PostgreSQL server is empty; faxbot serve fills it.")
        return _judge_schema(schema)

    def converters(self) -> Finding:
        """The optional converter, Ghostscript, is installed."""
        if found := shutil.which("gs"):
            return green(f"Ghostscript is there ({found}).")
        return yellow(
            "Ghostscript (gs) is not there: PostScript is refused, and printed pages are not compared.",
            "Install it: sudo apt install ghostscript",
        )


def _judge_schema(schema: str | None) -> Finding:
    """Compare the database's revision with the newest of this version; None: the database has none."""
    newest = newest_revision()
    if schema == newest:
        return green(f"Its schema is {schema}, the newest.")
    if schema is not None and schema > newest:
        return red(
            f"Its schema is {schema}; this faxbot knows only those up to {newest}.",
            "Install the faxbot that was here before, or a newer one; or put back a copy of the database "
            "from before the upgrade.",
        )
    return red(
        f"Its schema is {schema or 'not there'}; this faxbot needs {newest}.",
        "Run faxbot migrate. faxbot serve does it by itself when it starts.",
    )


def _nearest(path: Path) -> Path:
    """*path* if it exists, else its nearest parent that does."""
    return next((each for each in (path, *path.absolute().parents) if each.exists()), Path("/"))


def _me() -> str:
    return _name(os.getuid())


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _size(count: int) -> str:
    megabytes = count / _MEGABYTE
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1024 else f"{megabytes:.0f} MB"  # noqa: PLR2004
