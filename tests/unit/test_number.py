"""Numbers as people write them become exactly what the fax server dials, or a sentence."""

import re
import time

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxbot.fax.errors import BadNumber
from faxbot.fax.number import DialPlan, find, parse, pretty, same

US = DialPlan()
WRITTEN = st.one_of(
    st.text(max_size=40),
    st.text("0123456789+-() .,*#<>|:telxTX/`'\"٤٦\u2013\u00a0\u202a", max_size=30),
    st.from_regex(r"\+?[0-9]{1,16}", fullmatch=True),
)


@pytest.mark.parametrize(
    "written",
    [
        "+1 (469) 555-0101",
        "469 555 0101",
        "14695550101",
        "1-469-555-0101",
        "469.555.0101",
        "469/555-0101",
        "<tel:+14695550101|469-555-0101>",
        "<tel:469-555-0101>",
        "tel:+14695550101",
        " `469-555-0101`\n",
        "'469-555-0101'",
        "\u201c469\u2013555\u20130101\u201d",
        "469\u2011555\u22120101",
        "*469\u00a0555\u00a00101*",
        "\u202a+1 469 555 0101\u202c",
        "\u0664\u0666\u0669\u0665\u0665\u0665\u0660\u0661\u0660\u0661",
        "\uff0b1 469 555 0101",
    ],
)
def test_one_number_has_many_spellings(written: str) -> None:
    """However it is written, the server gets E.164 digits without the plus sign."""
    destination = parse(written, US)
    assert destination.dial == "14695550101"
    assert destination.e164 == "+14695550101"
    assert destination.pretty == "+1 469-555-0101"
    assert not destination.extension


@pytest.mark.parametrize(
    "written", ["+44 20 7946 0018", "+44 (0)20 7946 0018", "011 44 20 7946 0018", "0044 2079460018"]
)
def test_foreign_numbers_go_behind_the_international_prefix(written: str) -> None:
    """A foreign number gets the international prefix, and the dial prefix in front of it."""
    assert parse(written, US).dial == "442079460018"
    assert parse(written, DialPlan(international_prefix="011")).dial == "011442079460018"
    assert parse(written, DialPlan(international_prefix="011", dial_prefix="9,")).dial == "9,011442079460018"


def test_the_plan_decides_what_is_foreign() -> None:
    """A number without a country code belongs to the plan's region."""
    british = DialPlan(region="GB", international_prefix="00")
    assert parse("020 7946 0018", british).dial == "442079460018"
    assert parse("00 1 469 555 0101", british).dial == "0014695550101"


@pytest.mark.parametrize("written", ["598", "ext. 598", "ext 598", "Extension 598", "x598", "<tel:598|598>"])
def test_an_extension_is_dialed_as_it_is(written: str) -> None:
    """Two to six digits are a telephone on the same system."""
    destination = parse(written, US)
    assert (destination.dial, destination.e164, destination.extension) == ("598", None, True)
    assert destination.pretty == "ext. 598"
    assert parse(written, DialPlan(dial_prefix="7")).dial == "7598"


@pytest.mark.parametrize("written", ["ext. 12", "x12", "123", "1234", "123456"])
def test_extensions_have_two_to_six_digits(written: str) -> None:
    """The shortest and the longest extension are accepted; one of two digits is called one."""
    assert parse(written, US).dial == written.removeprefix("ext. ").removeprefix("x")


def test_two_digits_alone_are_a_slip() -> None:
    """What was meant is asked for, and how to write it if it is an extension all the same."""
    with pytest.raises(BadNumber) as raised:
        parse("12", US)
    assert str(raised.value) == (
        '"12" is too short to be a phone number here (US). '
        f"Write it like {US.example}, or ext. 12 if it is an extension."
    )


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "I need one phone number"),
        ("<tel:>", "I need one phone number"),
        ("1", "too short to be a phone number here (US)"),
        ("12345678", "too short"),
        ("555-0101", "the area code is missing"),
        ("12 34", "too short"),
        ("469555010123", "too long"),
        ("+44 1", "too short"),
        ("+44 20 7946 0018 99", "too long to be a phone number with the country code +44"),
        ("+999 12345678", "a country code that doesn't exist"),
        ("+358 000 0000", "can't be told from another number"),
        ("1-800-FLOWERS", "has letters"),
        ("<@U0123456789>", "has letters"),
        ("469 555 0101 x12", "ends in an extension"),
        ("469 555 0101 #12", "ends in an extension"),
        ("*67 469 555 0101", "where a phone number has none"),
        ("46+95550101", "where a phone number has none"),
        ("469 555 0101\u00b2", "where a phone number has none"),
        ("469 555 0101, 469 555 0102", "more than one number"),
        ("469 555 0101 and 469 555 0102", "more than one number"),
        ("469 555 0101/469 555 0102", "more than one number"),
        ("<tel:+14695550101|a> <tel:+14695550102|b>", "more than one number"),
        ("598, 599", "more than one number"),
        ("1" * 300, "too long"),
    ],
)
def test_what_is_wrong_is_said_with_an_example(written: str, why: str) -> None:
    """Each mistake has its own sentence, and each sentence an example of the region."""
    with pytest.raises(BadNumber) as refused:
        parse(written, US)
    assert why in str(refused.value)
    assert "+1 201-555-0123" in str(refused.value)
    assert len(str(refused.value)) < 200


def test_the_example_is_the_regions() -> None:
    """A line in Germany shows a German number."""
    with pytest.raises(BadNumber, match=r"\+49 30 123456"):
        parse("abc", DialPlan(region="DE"))


@pytest.mark.parametrize("written", ["911", "112", "999", "000", "9911", "0112", "+911", "9-1-1"])
def test_emergency_numbers_are_never_dialed(written: str) -> None:
    """Not as written, and not behind a digit for an outside line."""
    with pytest.raises(BadNumber):
        parse(written, US)


@pytest.mark.parametrize(
    ("written", "plan"),
    [
        ("ext. 11", DialPlan(dial_prefix="9")),
        ("ext. 11", DialPlan(dial_prefix="9,")),
        ("911", DialPlan(dial_prefix="7")),
        ("110", DialPlan(region="DE")),
        ("ext. 17", DialPlan(region="FR")),
        ("+91 11 2345 6789", US),
        ("+91 11 2345 6789", DialPlan(dial_prefix="8")),
        ("+91 98765 43210", DialPlan(dial_prefix="911", international_prefix="011")),
        ("+1 911 555 0101", US),
    ],
)
def test_nothing_that_becomes_an_emergency_call_is_dialed(written: str, plan: DialPlan) -> None:
    """Prefix and number together decide: Delhi without an international prefix begins with 911."""
    with pytest.raises(BadNumber, match=r"emergency"):
        parse(written, plan)


def test_delhi_can_be_faxed_behind_an_international_prefix() -> None:
    """The prefix takes the emergency number away from the beginning."""
    assert parse("+91 11 2345 6789", DialPlan(international_prefix="011")).dial == "011911123456789"


@pytest.mark.parametrize("written", ["411", "811", "988"])
def test_public_service_numbers_are_no_extensions(written: str) -> None:
    """Directory and crisis lines of North America get no fax; in Germany 411 is an extension."""
    with pytest.raises(BadNumber, match=r"service number"):
        parse(written, US)
    assert parse(written, DialPlan(region="DE")).extension


def test_every_regions_own_numbers_are_accepted() -> None:
    """The example number of every region is accepted there and reads the same when it is shown."""
    wrong = {}
    examples = {region: phonenumbers.example_number(region) for region in phonenumbers.SUPPORTED_REGIONS}
    for region, number in examples.items():
        if number is None:
            continue
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        try:
            shown = parse(written, DialPlan(region=region)).pretty
        except BadNumber as refusal:
            shown = str(refusal)
        if shown != written:
            wrong[region] = (written, shown)
    assert wrong == {}
    assert sum(number is not None for number in examples.values()) > 200


@pytest.mark.parametrize("pattern", ["+1900", "+1900*", "+1 (900)", "1900", "+1???5550101", "+19005550101"])
def test_blocked_patterns_cover_what_they_name(pattern: str) -> None:
    """A prefix, a wildcard or a whole number; the sentence names the rule."""
    plan = DialPlan(blocked=(pattern,))
    with pytest.raises(BadNumber, match=r"may not be dialed here \(blocked: " + re.escape(pattern)):
        parse("900 555 0101", plan)
    assert parse("+44 20 7946 0018", plan).dial == "442079460018"


def test_only_allowed_numbers_are_dialed() -> None:
    """A list of allowed numbers leaves out all others, extensions too, and blocked wins."""
    plan = DialPlan(allowed=("+1469", "59?"), blocked=("+14695550199", "599"))
    assert parse("469 555 0101", plan).dial == "14695550101"
    assert parse("598", plan).dial == "598"
    for written in ("214 555 0101", "469 555 0199", "599", "1469", "+59 8 2345 6789"):
        with pytest.raises(BadNumber):
            parse(written, plan)


def test_an_allowed_extension_is_no_country_code() -> None:
    """Extension 598 on the list does not open Uruguay, whose country code it is."""
    with pytest.raises(BadNumber, match=r"not among the numbers"):
        parse("+598 2345 6789", DialPlan(allowed=("598",)))


@pytest.mark.parametrize(
    "wrong", [{"region": "XX"}, {"region": "us"}, {"dial_prefix": "9w"}, {"international_prefix": "+"}]
)
def test_a_plan_that_cannot_be_dialed_is_refused(wrong: dict[str, str]) -> None:
    """An unknown region and an invalid prefix are found at the start."""
    with pytest.raises(ValueError, match=r"."):
        DialPlan(**wrong)  # type: ignore[arg-type]  # the keys are the plan's own


@pytest.mark.parametrize("text", ["*" * 40_000, "<tel:" * 8_000, "1 " * 20_000, "9" * 40_000, "(" * 40_000])
def test_a_very_long_text_is_answered_soon(text: str) -> None:
    """Parsing time is bounded, so that a long paste does not block the event loop."""
    began = time.process_time()
    with pytest.raises(BadNumber):
        parse(text, US)
    find(text, US)
    assert time.process_time() - began < 1.0


@given(WRITTEN, st.sampled_from(["US", "GB", "DE", "FR", "IT", "BR", "AU"]), st.sampled_from(["", "9", "9,"]))
def test_any_text_becomes_a_destination_or_a_sentence(text: str, region: str, prefix: str) -> None:
    """Nothing else is raised, and only what a telephone can dial is dialed."""
    plan = DialPlan(region=region, dial_prefix=prefix)
    try:
        destination = parse(text, plan)
    except BadNumber as refused:
        sentence = str(refused)
    else:
        sentence = "."
        assert re.fullmatch(r"[0-9*#,]+", destination.dial)
        assert not re.fullmatch(r"9?(911|112|999|000)", re.sub(r"\D", "", destination.dial))
        assert parse(destination.pretty, plan) == destination
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ("14695550101", "+1 469-555-0101"),
        ("2142454571", "+1 214-245-4571"),
        ("442079460018", "+44 20 7946 0018"),
        ("598", "ext. 598"),
        ("", "unknown number"),
        ("  ", "unknown number"),
        ("anonymous", "anonymous"),
        ("<!channel>", "<!channel>"),
        ("two\nlines", "two lines"),
        ("0" * 50, "0" * 50),
    ],
)
def test_numbers_of_the_server_are_shown_readably(named: str, shown: str) -> None:
    """What is a number is formatted, what is not stays what it is."""
    assert pretty(named, "US") == shown


@given(WRITTEN)
def test_showing_a_number_never_fails(text: str) -> None:
    """Caller ID is whatever the other side sends."""
    assert pretty(text, "US")


def test_two_spellings_of_one_destination_are_the_same() -> None:
    """The server's echo and a person's writing are recognized as one; nothing is not the same as nothing."""
    assert same("14695550101", "(469) 555-0101", "US")
    assert same("598", "598", "US")
    assert not same("598", "599", "US")
    assert not same("14695550101", "14695550102", "US")
    assert not same("", "", "US")


@pytest.mark.parametrize(
    ("dialed", "reported", "region"),
    [
        ("14695550101", "4695550101", "US"),
        ("14695550101", "+14695550101", "US"),
        ("14695550101", "+1 (469) 555-0101", "US"),
        ("14695550101", "14695550101@fax.example7", "US"),
        ("914695550101", "14695550101", "US"),
        ("914695550101", "4695550101", "US"),
        ("9,14695550101", "914695550101", "US"),
        ("*6714695550101", "14695550101", "US"),
        ("011442079460018", "442079460018", "US"),
        ("442079460018", "02079460018", "GB"),
        ("442079460018", "00442079460018", "GB"),
        ("493012345678", "03012345678", "DE"),
        ("9598", "598", "US"),
    ],
)
def test_a_server_that_rewrites_numbers_still_names_the_same_destination(dialed, reported, region) -> None:
    """With prefixes taken off or put on, with a plus sign or brackets: one destination, both ways."""
    assert same(dialed, reported, region)
    assert same(reported, dialed, region)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("14695550101", "12145550101"),
        ("14695550101", "5550101"),
        ("14695550101", "0101"),
        ("14695550101", "146955501010"),
        ("14695550101", "14695550102@14695550101"),
        ("598", "9"),
        ("98", "598"),
        ("14695550101", "anonymous"),
    ],
)
def test_another_destination_is_another(a, b) -> None:
    """Another area code, another last digit, a mere ending, no number at all."""
    assert not same(a, b, "US")
    assert not same(b, a, "US")


@given(st.text("0123456789+()- ", max_size=20), st.text("0123456789+()- ", max_size=20))
def test_it_does_not_matter_which_spelling_comes_first(a: str, b: str) -> None:
    """Sameness goes both ways, and every number with a digit is the same as itself."""
    assert same(a, b, "US") == same(b, a, "US")
    assert same(a, a, "US") == any(char.isdigit() for char in a)
