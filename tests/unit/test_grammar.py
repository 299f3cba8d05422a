"""What people type behind the slash command."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxbot.fax.errors import BadCommand
from faxbot.fax.job import Direction
from faxbot.slack import grammar
from faxbot.slack.grammar import command_text, parse
from faxbot.slack.grammar.table import SYNONYMS

TX, RX = Direction.TX, Direction.RX


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", grammar.HelpCommand()),
        ("   ", grammar.HelpCommand()),
        ("help send", grammar.HelpCommand("send")),
        ("send", grammar.SendCommand()),
        ("send 469 555 0101", grammar.SendCommand("469 555 0101")),
        ("SEND 469 555 0101 FROM Sales", grammar.SendCommand("469 555 0101", "Sales")),
        ("send to +1 (469) 555-0101 from line Sales", grammar.SendCommand("+1 (469) 555-0101", "Sales")),
        ("send from Sales", grammar.SendCommand("", "Sales")),
        ('send 4695550101 from "Front Desk"', grammar.SendCommand("4695550101", "Front Desk")),
        ("send 4695550101 from “Front Desk”", grammar.SendCommand("4695550101", "Front Desk")),
        ("send 4695550101 from 'Front Desk'", grammar.SendCommand("4695550101", "Front Desk")),
        ('send 4695550101 from "Front Desk', grammar.SendCommand("4695550101", "Front Desk")),
        ("send 4695550101 from O'Brien", grammar.SendCommand("4695550101", "O'Brien")),
        ("send <tel:+14695550101|469-555-0101> from A &amp; B", grammar.SendCommand("+14695550101", "A & B")),
        ("lines", grammar.LinesCommand()),
        ("lines front desk", grammar.LinesCommand("front desk")),
        ("status tx82", grammar.StatusCommand("TX82")),
        ("status RX 34", grammar.StatusCommand("RX34")),
        ("active", grammar.ActiveCommand()),
        ("active received", grammar.ActiveCommand(RX)),
        ("history", grammar.HistoryCommand(TX, 1)),
        ("history 2", grammar.HistoryCommand(TX, 2)),
        ("history RX page 3", grammar.HistoryCommand(RX, 3)),
        ("history 3 rx", grammar.HistoryCommand(RX, 3)),
        ("get rx34", grammar.GetCommand("RX34")),
        ("cancel Tx82", grammar.CancelCommand("TX82")),
        ("delete rx-34", grammar.DeleteCommand("RX34")),
        ("subscribe", grammar.SubscribeCommand()),
        ("subscribe rx line Front Desk", grammar.SubscribeCommand(RX, None, "Front Desk")),
        ("subscribe line Sales", grammar.SubscribeCommand(None, None, "Sales")),
        ("subscribe tx82", grammar.SubscribeCommand(None, "TX82")),
        ("unsubscribe rx", grammar.UnsubscribeCommand(RX)),
        ("subscriptions", grammar.SubscriptionsCommand()),
        ("/fax status TX82", grammar.StatusCommand("TX82")),
    ],
)
def test_what_people_type_is_understood(text, command):
    """Each of the ways in which people write a command gives that command."""
    assert parse(text) == command


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("stauts TX83", "/fax status TX83"),
        ("stat tx83", "/fax status TX83"),
        ("histroy rx", "/fax history rx"),
        ("status 82", "/fax status TX82"),
        ("status t83", "/fax status TX83"),
        ("status xt83", "/fax status TX83"),
        ("status tx8O", "/fax status TX80"),
        ("stauts 83", "/fax status TX83"),
        ("get 34", "/fax get RX34"),
        ("active xt", "/fax active tx"),
        ("history xr 2", "/fax history rx 2"),
        ("subscribe recieved", "/fax subscribe rx"),
        ("subscribe Sales", "/fax subscribe line Sales"),
        ("subscribe rx Front Desk", '/fax subscribe rx line "Front Desk"'),
        ("unsubscribe rx Sales", "/fax unsubscribe rx line Sales"),
        ("send 469 555 0101 form Sales", "/fax send 469 555 0101 from Sales"),
        ("469 555 0101", "/fax send 469 555 0101"),
        ("tx83", "/fax status TX83"),
        ("stop tx83", "/fax cancel TX83"),
        ("help sned", "/fax help send"),
        ("frobnicate", "/fax help"),
    ],
)
def test_a_typo_is_answered_with_what_was_meant(text, suggestion):
    """What was probably meant is suggested, as a whole command."""
    with pytest.raises(BadCommand) as refused:
        parse(text)
    assert refused.value.suggestion == suggestion


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("status TX82 now", "`/fax status TX82`"),
        ("status", "Which fax?"),
        ("cancel RX34", "RX34 is a received fax"),
        ("active tx now", "`/fax active [tx|rx]`"),
        ("subscriptions please", '"please"'),
        ("send 469 555 0101 from", "Which line?"),
        ("history rx 0", '"0"'),
        ("history rx 1 2", '"2"'),
    ],
)
def test_what_cannot_be_meant_is_refused_with_how_to_write_it(text, words):
    """A refusal without a suggestion says what is wrong."""
    with pytest.raises(BadCommand) as refused:
        parse(text)
    assert words in str(refused.value)
    assert refused.value.suggestion is None


def test_the_commands_own_name_is_the_workspaces():
    """A workspace that calls the command otherwise reads its own name in every answer."""
    with pytest.raises(BadCommand) as refused:
        parse("stauts TX83", "/telefax")
    assert refused.value.suggestion == "/telefax status TX83"
    with pytest.raises(BadCommand, match="`/telefax status TX82`"):
        parse("status", "/telefax")


def test_a_typo_is_quoted_short_and_without_marks():
    """What a person typed is repeated in at most 40 characters, and never as code."""
    with pytest.raises(BadCommand) as refused:
        parse("`x`" * 100)
    assert '"' + "'x'" * 13 + '…"' in str(refused.value)


def test_every_example_of_the_help_is_understood():
    """What the help shows can be typed as it is shown."""
    for syntax in grammar.SYNTAX.values():
        for example in syntax.examples:
            assert command_text(parse(example)).split()[0] == syntax.name


def understood(text, command="/fax"):
    try:
        return parse(text, command)
    except BadCommand as refusal:
        return refusal


COMMANDS = [*grammar.SYNTAX, *SYNONYMS, "stauts", "snd", "histroy", "cancle", "unsubscrib", "/fax", "fax"]
FROM_SLACK = [
    "<tel:+14695550101|469-555-0101>", "<tel:911>", "<tel:|>", "<#C1|claims>", "<#C1>", "<@U1|dana>",
    "<!channel>", "<!subteam^S1>", "<https://x.example/a|TX82>", "<https://x.example>",
    "<mailto:a@b.example|a@b.example>", "&lt;", "&gt;", "&amp;", "&amp;lt;", "<", ">", "|", ":fax:",
    "\U0001f4e0", "\u2615\ufe0f", "\U0001f3f4\u200d\u2620\ufe0f",
]  # fmt: skip
FROM_KEYBOARDS = [
    '"', "'", "\u201c", "\u201d", "\u2018", "\u2019", "\u00ab", "\u201eFront", "Desk\u201f", "\u2032",
    "\u00a0", "\u3000", "\u2009", "\u200b", "\u2060", "\u202e", "\u200f", "\t", "\n", "\r\n", "\x00",
    "\u2013", "\u2014", "`", "*", "_", "~", "\ufeff", "\ud83d",
]  # fmt: skip
OFTEN = [
    "tx", "rx", "TX82", "rx34", "TX", "82", "tx\uff18\uff12", "t82", "tx8O", "tx-82", "#82",
    "TX" + "9" * 13, "page", "2", "0", "-1", "1" * 9, "\u0662", "from", "to", "line", "form", "via",
    "Sales", "Front", "O'Brien", "469", "555", "0101", "+1", "(469)", "555-0101", "all", "received",
    "recieved", "help", "?",
]  # fmt: skip
PIECES = (
    st.sampled_from(COMMANDS) | st.sampled_from(FROM_SLACK + FROM_KEYBOARDS + OFTEN) | st.text(max_size=4)
)
TYPED = st.builds(
    lambda first, rest: first + "".join(rest),
    st.sampled_from([*COMMANDS, ""]) | PIECES,
    st.lists(st.tuples(st.sampled_from([" ", " ", " ", "", "\u00a0"]), PIECES).map("".join), max_size=7),
)


@given(st.one_of(st.text(), TYPED), st.sampled_from(["/fax", "/telefax"]))
def test_any_text_is_a_command_or_a_refusal(text, command):
    """Whatever is typed, the answer is a command that cannot change, or a sentence with how to write it."""
    answer = understood(text, command)
    assert str(answer)
    if not isinstance(answer, BadCommand):
        assert isinstance(answer, grammar.Command)
        assert hash(answer) == hash(understood(text, command))
        return
    assert len(str(answer)) < 700
    if answer.suggestion is not None:
        assert answer.suggestion.startswith(f"{command} ")
        meant = understood(answer.suggestion, command)
        assert not isinstance(meant, BadCommand)
        assert f"{command} {command_text(meant)}" == answer.suggestion


@given(st.one_of(st.text(), TYPED))
def test_what_was_understood_can_be_written_out(text):
    """Any command, written out as for a button and read back, is the same command."""
    answer = understood(text)
    if not isinstance(answer, BadCommand):
        assert parse(command_text(answer)) == answer


@pytest.mark.parametrize(
    "text",
    [
        "<" * 12_000,
        "x" * 40_000,
        "<" * 40_000,
        "'" * 40_000,
        "< " * 20_000,
        "<tel:" * 8_000,
        "status " * 6_000,
    ],
)
def test_a_very_long_text_is_answered_soon(text):
    """However much somebody pastes, everybody else is answered, too."""
    began = time.process_time()
    assert understood(text)
    assert understood(f"status {text}")
    assert time.process_time() - began < 2.0


line_names = st.from_regex(r"\A[A-Za-z][a-z0-9&-]{0,8}( [A-Za-z0-9&]{1,8}){0,2}\Z").filter(
    lambda name: not name.lower().startswith("line ")
)
job_ids = st.builds("{}{}".format, st.sampled_from(["TX", "RX"]), st.integers(0, 10**11))
directions = st.sampled_from([None, TX, RX])


@given(
    st.one_of(
        st.builds(
            grammar.SendCommand,
            st.from_regex(r"\A(\+?[0-9]{2,5}( [0-9-]{3,4}){0,3})?\Z"),
            line_names | st.just(""),
        ),
        st.builds(grammar.StatusCommand, job_ids),
        st.builds(grammar.HistoryCommand, st.sampled_from([TX, RX]), st.integers(1, 99999)),
        st.builds(grammar.SubscribeCommand, directions, st.none(), st.none() | line_names),
        st.builds(grammar.UnsubscribeCommand, st.none(), job_ids),
        st.builds(grammar.ActiveCommand, directions),
    )
)
def test_what_is_written_out_is_read_back(command):
    """A command written out, as for a button that runs it, is read back as the same command."""
    assert parse(command_text(command)) == command
