"""The table of safeguards speaks of the code and the tests as they are, and the document of the table."""

from dataclasses import replace

import pytest

from tests.safeguards.table import PROMISES, load, page, there
from tests.support.reliability_page import written

GUARDS = load()


def test_each_row_is_true():
    """Its code stands once in its file, what is left without it is Python, and its tests exist."""
    assert [why for guard in GUARDS for why in guard.stale()] == []
    assert all(guard.red for guard in GUARDS)


def test_each_promise_is_guarded():
    """None of the promises stands without a safeguard, and no name stands for two."""
    assert {guard.promise for guard in GUARDS} == set(PROMISES)
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)
    assert len({(guard.file, guard.was) for guard in GUARDS}) == len(GUARDS)


def test_the_document_lists_every_safeguard():
    """docs/reliability.md says which safeguard guards what, and which test goes red without it."""
    assert written("safeguards") == page(GUARDS)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"was": "no such code"}, "stands 0 times"),
        ({"was": "\n"}, "times in"),
        ({"becomes": "("}, "is no Python"),
        ({"red": ("tests/unit/test_safeguards.py::test_nothing",)}, "there is no test"),
        ({"file": "faxbot/nowhere.py"}, "stands 0 times"),
    ],
)
def test_a_row_that_is_stale_is_found(change, why):
    """Code that moved and tests that were renamed do not go unnoticed."""
    (said,) = replace(GUARDS[0], **change).stale()
    assert why in said


def test_tests_are_found_by_their_ids():
    """Functions, methods of a class, and single cases."""
    assert there("tests/unit/test_safeguards.py::test_tests_are_found_by_their_ids")
    assert there("tests/unit/test_safeguards.py::test_a_row_that_is_stale_is_found[x]")
    assert there("tests/unit/test_ucx_client.py::TestFileSend::test_never_sent_twice")
    assert not there("tests/unit/test_ucx_client.py::test_never_sent_twice")
    assert not there("tests/unit/test_safeguards.py")
