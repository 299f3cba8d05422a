"""What applies to every test: hypothesis, temporary folders, garbage collection, databases."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.postgresql import TEMPLATE, empty, new_database, postgresql_server
from tests.support.services import database_in

settings.register_profile("test", max_examples=25, derandomize=True, deadline=None)
settings.register_profile(
    "fuzz", max_examples=3000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("FAXBOT_TEST_EXAMPLES", "test"))

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder in it that only its user can read
ENOUGH_BYTES = 2 << 30
"""A run needs less than a tenth of it."""

if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
    os.environ.setdefault("TMPDIR", str(MEMORY))  # thousands of commits would each wait for the disk
    tempfile.tempdir = None  # it was chosen when pytest began to capture output

gc.disable()  # until `pytest_collection_finish`: collections while modules are imported find no garbage


def pytest_collection_finish() -> None:
    """Exempt modules and collected tests from garbage collection: they live as long as the process."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server for all tests; its URL."""
    with postgresql_server() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql):
    """A database on PostgreSQL with the newest schema; its URL."""
    with new_database(postgresql, TEMPLATE) as url:
        yield url


@pytest.fixture(scope="session")
def shared_postgresql_url(postgresql):
    """A database that many tests use in turn: emptying it takes a tenth of making one."""
    with new_database(postgresql, TEMPLATE) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """A database of either kind with the newest schema and no rows; its URL. Tests change rows only."""
    if request.param == "sqlite":
        database_in(tmp_path).dispose()
        return f"sqlite:///{tmp_path / 'faxbot.db'}"
    url = request.getfixturevalue("shared_postgresql_url")
    empty(url)
    return url
