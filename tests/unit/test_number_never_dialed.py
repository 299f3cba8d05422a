"""An emergency number, and one that is blocked, is refused however it is written."""

import re
from contextlib import suppress

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxbot.fax.dialplan import Destination, DialPlan
from faxbot.fax.errors import BadNumber
from faxbot.fax.number import find, parse, pretty

REGIONS = ("US", "CA", "GB", "DE", "FR", "AU", "NZ", "IN", "BR", "JP")
EMERGENCY = {
    "US": ["911", "112"],
    "CA": ["911"],
    "GB": ["999", "112"],
    "DE": ["110", "112"],
    "FR": ["112"],
    "AU": ["000", "112"],
    "NZ": ["111"],
    "IN": ["112"],
    "BR": ["190", "112"],
    "JP": ["110", "119"],
}
EVERYWHERE = ["911", "112", "999", "000"]
PREFIXES = ("", "9", "0", "9,", "7", "8,", "*70,")

DIGITS = (
    "0123456789",
    "".join(chr(0xFF10 + n) for n in range(10)),  # full-width
    "".join(chr(0x0660 + n) for n in range(10)),  # Arabic-Indic
    "".join(chr(0x0966 + n) for n in range(10)),  # Devanagari
    "".join(chr(0x1D7CE + n) for n in range(10)),  # mathematical bold
)
GAPS = [
    "", "", "", " ", "-", ".", "\u00a0", "\u2011", "\u2009", "\u200b", "\u200f", "\u202e", "\ufeff", "\t",
]  # fmt: skip
AROUND = [
    ("", ""), (" ", "\n"), ("+", ""), ("\uff0b", ""), ("00", ""), ("(", ")"), ("*", "*"), ("`", "`"),
    ('"', '"'), ("\u201c", "\u201d"), ("<tel:", ">"), ("<tel:", "|call>"), ("tel:", ""), ("ext. ", ""),
    ("x", ""), ("extension ", ""), ("\u202b", "\u202c"), ("\u200f", "\u200f"), ("~", "~"), ("_", "_"),
    ("'", "'"), ("9", ""), ("0", ""), ("9 ", ""), ("0-", ""), ("99", ""), ("90", ""), ("1", ""), ("+1", ""),
    ("", " ext 5"), ("", "#"), ("", ","), ("", "x1"), ("\x00", ""),
]  # fmt: skip


@st.composite
def spelt(draw, number):
    """*number* in some script's digits, with gaps and marks in between and around."""
    digits = draw(st.sampled_from(DIGITS))
    written = "".join(digits[int(digit)] + draw(st.sampled_from(GAPS)) for digit in number)
    before, after = draw(st.sampled_from(AROUND))
    return before + written + after


def check_harmless(destination: Destination, plan: DialPlan) -> None:
    """Neither what is dialed nor what is left of it behind digits for an outside line gets there."""
    dialed = re.sub(r"[^0-9]", "", destination.dial)
    prefix = re.sub(r"[^0-9]", "", plan.dial_prefix)
    for digits in {dialed, dialed.removeprefix(prefix)}:
        assert digits not in EVERYWHERE
        assert re.sub("^[09]+", "", digits) not in EMERGENCY[plan.region]
        assert digits not in EMERGENCY[plan.region]
        if not destination.extension:
            assert not phonenumbers.connects_to_emergency_number(digits, plan.region)


@given(st.data(), st.sampled_from(REGIONS), st.sampled_from(PREFIXES))
def test_no_spelling_reaches_the_emergency_services(data, region, prefix):
    """In no script, with no mark, gap, prefix or extension around it."""
    plan = DialPlan(region=region, dial_prefix=prefix)
    number = data.draw(st.sampled_from(EMERGENCY[region] + EVERYWHERE))
    written = data.draw(spelt(number))
    with suppress(BadNumber):
        check_harmless(parse(written, plan), plan)
    for sentence in (
        written,
        f"fax this to {written} please",
        f"<@U1> {written}",
        f"to {written} from Sales",
    ):
        with suppress(BadNumber):
            for destination in find(sentence, plan):
                check_harmless(destination, plan)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("before", ["", "9", "0", "99", "90", "00"])
def test_behind_any_digits_for_an_outside_line(region, before):
    """A system that takes one digit off in front of an outside call may take two."""
    for number in EMERGENCY[region]:
        with pytest.raises(BadNumber):
            parse(before + number, DialPlan(region=region))


BLOCKED = DialPlan(blocked=("+1900", "+44*", "59?", "1976*"), international_prefix="011")


@given(
    st.data(),
    st.sampled_from(["9005550101", "19005550101", "442079460018", "599", "590", "9765550101", "19765550101"]),
)
def test_no_spelling_gets_around_a_blocked_number(data, number):
    """A blocked number, area, country or extension is blocked in every spelling."""
    written = data.draw(spelt(number))
    found = []
    with suppress(BadNumber):
        found.append(parse(written, BLOCKED))
    with suppress(BadNumber):
        found += find(f"fax to {written}", BLOCKED)
    for destination in found:
        assert not re.match(r"\+(1900|44|1976)", destination.e164 or "")
        assert not re.fullmatch("59.", destination.number)


@given(
    st.data(),
    st.sampled_from(
        ["14695550101", "12145550199", "442079460018", "4930123456", "33142685300", "81312345678"]
    ),
    st.sampled_from(REGIONS),
    st.sampled_from(["", "00", "011"]),
    st.sampled_from(["", "9", "7,"]),
)
def test_a_parsed_number_can_be_dialed_shown_and_parsed_again(data, number, region, abroad, prefix):
    """A number comes back the same from how it is shown, and the fax server is given just its digits."""
    plan = DialPlan(region=region, international_prefix=abroad, dial_prefix=prefix)
    digits = data.draw(st.sampled_from(DIGITS))
    gap = st.sampled_from(["", "", "", " ", "-", "\u00a0", "\u200f", "\u2011"])
    written = "+" + "".join(digits[int(digit)] + data.draw(gap) for digit in number)
    try:
        destination = parse(written, plan)
    except BadNumber as refused:
        assert "emergency" in str(refused)  # noqa: PT017 - what may be refused is the point
        return
    foreign = phonenumbers.parse(f"+{number}").country_code != plan.country_code
    assert destination.e164 == f"+{number}"
    assert destination.dial == prefix + (abroad if foreign else "") + number
    assert parse(destination.pretty, plan) == destination
    assert foreign or pretty(number, region) == destination.pretty
