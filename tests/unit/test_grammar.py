"""What people type behind the slash command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxbot.fax.errors import BadCommand
from faxbot.fax.job import Direction
from faxbot.slack import grammar
from faxbot.slack.grammar import parse, written

TX, RX = Direction.TX, Direction.RX


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", grammar.Help()),
        ("   ", grammar.Help()),
        ("help send", grammar.Help("send")),
        ("send", grammar.Send()),
        ("send 469 555 0101", grammar.Send("469 555 0101")),
        ("SEND 469 555 0101 FROM Sales", grammar.Send("469 555 0101", "Sales")),
        ("send to +1 (469) 555-0101 from line Sales", grammar.Send("+1 (469) 555-0101", "Sales")),
        ("send from Sales", grammar.Send("", "Sales")),
        ('send 4695550101 from "Front Desk"', grammar.Send("4695550101", "Front Desk")),
        ("send 4695550101 from “Front Desk”", grammar.Send("4695550101", "Front Desk")),
        ("send 4695550101 from 'Front Desk'", grammar.Send("4695550101", "Front Desk")),
        ('send 4695550101 from "Front Desk', grammar.Send("4695550101", "Front Desk")),
        ("send 4695550101 from O'Brien", grammar.Send("4695550101", "O'Brien")),
        ("send <tel:+14695550101|469-555-0101> from A &amp; B", grammar.Send("+14695550101", "A & B")),
        ("lines", grammar.Lines()),
        ("lines front desk", grammar.Lines("front desk")),
        ("status tx82", grammar.Status("TX82")),
        ("status RX 34", grammar.Status("RX34")),
        ("active", grammar.Active()),
        ("active received", grammar.Active(RX)),
        ("history", grammar.History(TX, 1)),
        ("history 2", grammar.History(TX, 2)),
        ("history RX page 3", grammar.History(RX, 3)),
        ("history 3 rx", grammar.History(RX, 3)),
        ("get rx34", grammar.Get("RX34")),
        ("cancel Tx82", grammar.Cancel("TX82")),
        ("delete rx-34", grammar.Delete("RX34")),
        ("subscribe", grammar.Subscribe()),
        ("subscribe rx line Front Desk", grammar.Subscribe(RX, None, "Front Desk")),
        ("subscribe line Sales", grammar.Subscribe(None, None, "Sales")),
        ("subscribe tx82", grammar.Subscribe(None, "TX82")),
        ("unsubscribe rx", grammar.Unsubscribe(RX)),
        ("subscriptions", grammar.Subscriptions()),
        ("/fax status TX82", grammar.Status("TX82")),
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
            assert written(parse(example)).split()[0] == syntax.name


def understood(text):
    try:
        return parse(text)
    except BadCommand as refusal:
        return refusal


@given(st.one_of(st.text(), st.from_regex(r"(?i)\A[a-z]{2,9}( [\"'a-z0-9+()-]{1,9}){0,5}\Z")))
def test_any_text_is_a_command_or_a_refusal(text):
    """Whatever is typed, the answer is a command or a sentence; what is suggested is itself understood."""
    answer = understood(text)
    assert str(answer)
    if isinstance(answer, BadCommand) and answer.suggestion is not None:
        assert not isinstance(understood(answer.suggestion), BadCommand)


line_names = st.from_regex(r"\A[A-Za-z][a-z0-9&-]{0,8}( [A-Za-z0-9&]{1,8}){0,2}\Z").filter(
    lambda name: not name.lower().startswith("line ")
)
job_ids = st.builds("{}{}".format, st.sampled_from(["TX", "RX"]), st.integers(0, 10**11))
directions = st.sampled_from([None, TX, RX])


@given(
    st.one_of(
        st.builds(
            grammar.Send, st.from_regex(r"\A(\+?[0-9]{2,5}( [0-9-]{3,4}){0,3})?\Z"), line_names | st.just("")
        ),
        st.builds(grammar.Status, job_ids),
        st.builds(grammar.History, st.sampled_from([TX, RX]), st.integers(1, 99999)),
        st.builds(grammar.Subscribe, directions, st.none(), st.none() | line_names),
        st.builds(grammar.Unsubscribe, st.none(), job_ids),
        st.builds(grammar.Active, directions),
    )
)
def test_what_is_written_out_is_read_back(command):
    """A command written out, as for a button that runs it, is read back as the same command."""
    assert parse(written(command)) == command
