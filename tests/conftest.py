"""What applies to every test: the hypothesis examples, the temporary folders, garbage collection."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

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
