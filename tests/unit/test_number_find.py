"""Numbers inside the sentence that came with a shared file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxbot.fax.errors import BadNumber
from faxbot.fax.number import DialPlan, find

US = DialPlan()
NUMBERISH = ["469", "555", "0101", "598", "911", "+44", "20", "00", "11", "٤"]
MARKS = [",", "-", "/", ":", ".", "€", "<@U1>", "<tel:", ">"]
WORDS = st.sampled_from([*NUMBERISH, *MARKS, "fax", "to", "ext.", "x", "x@y", "TX8"])


@pytest.mark.parametrize(
    "sentence",
    [
        "<@U0123456789> please fax this to 469 555 0101 from Sales",
        "fax to <tel:+14695550101|469-555-0101>",
        "469-555-0101",
        "<@U0123456789> 469-555-0101",
        "fax 12 pages to 469 555 0101",
        "(469) 555-0101 thanks",
        "fax to *469-555-0101* \u2013 Müller",
        "to `469-555-0101` at 4:30",
        "469 555 0101, that is +1 469-555-0101",
        "TX82 again, to 469 555 0101 for $1,234,567.89 on 2026-11-23",
    ],
)
def test_a_number_is_found_in_a_sentence(sentence: str) -> None:
    """The number is found, and once."""
    assert [destination.dial for destination in find(sentence, US)] == ["14695550101"]


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "please fax this",
        "<@U0123456789> <#C0123456789|claims> <!subteam^S0123456789>",
        "<https://example.com/4695550101> and https://example.com/4695550101",
        "<mailto:4695550101@example.com|4695550101@example.com> or 4695550101@example.com",
        "about TX4695550101 and RX 82",
        "2026-11-23, 11/23/2026, 23.11.2026 at 16:30:00",
        "$4,695,550,101 or 4695550101 USD",
        "ticket #4695550101",
        "see 4695550101.pdf",
        "fax 12 pages",
        "order 1234567890",
        "part AB4695550101C",
        "we were 12 people in 2026",
    ],
)
def test_what_only_looks_like_a_number_is_left_alone(sentence: str) -> None:
    """Slack's ids, addresses, jobs, dates, amounts and file names are no destinations."""
    assert find(sentence, US) == ()


@pytest.mark.parametrize(
    "sentence", ["598", "<@U0123456789> 598", "fax to 598 from Sales", "ext. 598", "fax it to `598`."]
)
def test_an_extension_needs_a_word_or_to_stand_alone(sentence: str) -> None:
    """Three digits are a destination only where they are meant as one."""
    assert [destination.dial for destination in find(sentence, US)] == ["598"]


def test_different_numbers_are_all_found_in_order() -> None:
    """The sender must choose: the caller refuses more than one."""
    found = find("469 555 0102 or ext. 598, or <tel:+14695550101|469-555-0101>", US)
    assert [destination.dial for destination in found] == ["14695550102", "598", "14695550101"]


def test_a_foreign_number_is_found_as_people_abroad_write_it() -> None:
    """Two zeros stand for the plus sign."""
    found = find("fax this to 0044 20 7946 0018 please", US)
    assert [destination.e164 for destination in found] == ["+442079460018"]


@pytest.mark.parametrize("sentence", ["fax to 911", "fax to 555-0101", "1", "fax this to 1234567890 now"])
def test_a_number_that_may_not_be_dialed_is_refused(sentence: str) -> None:
    """What is meant as a number is not passed over silently."""
    with pytest.raises(BadNumber):
        find(sentence, US)


def test_a_very_long_text_is_read_up_to_a_whole_number() -> None:
    """What is cut off is no number, and what is cut through is not taken for a shorter one."""
    assert find("word " * 396 + "to 469 555 0101 20 " + "x." * 20_000, US) == ()


@given(st.lists(WORDS))
def test_any_sentence_is_survived(words: list[str]) -> None:
    """Only destinations or a BadNumber come out of any jumble."""
    sentence = " ".join(words)
    try:
        found = find(sentence, US)
    except BadNumber:
        return
    assert all(destination.dial for destination in found)
