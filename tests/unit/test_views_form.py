"""The form "Send a fax", and the values that travel with buttons and forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxbot.fax.errors import BadCommand
from faxbot.fax.job import Direction
from faxbot.fax.line import FaxLine
from faxbot.slack import action_ids
from faxbot.slack.action_ids import Action, FormStart, Subject, Target
from faxbot.slack.views import BotProfile
from faxbot.slack.views.form import (
    FormEntry,
    FormErrors,
    form_view,
    loading_view,
    parse_submission,
    refusal_view,
)

SITE = BotProfile()
LINES = [FaxLine("1", "Sales", "599", "14695551111"), FaxLine("2", "Support")]
FILES = ({"id": "F1", "name": "a.pdf"}, {"id": "F2", "name": "b_2.png"})


def blocks_of(view):
    return {block.get("block_id", block["type"]): block for block in view["blocks"]}


def submitted(start, **fields):
    values = {name: {name: value} for name, value in fields.items()}
    return {"private_metadata": start.encode(), "state": {"values": values}}


def test_the_form_asks_for_number_line_and_files():
    """Opened with nothing known, it has three inputs; the first line is chosen."""
    view = form_view(FormStart("C1"), LINES, SITE)
    blocks = blocks_of(view)
    assert list(blocks) == ["number", "line", "files"]
    assert blocks["files"]["element"]["type"] == "file_input"
    assert blocks["files"]["element"]["max_files"] == 10
    assert blocks["line"]["element"]["initial_option"]["text"]["text"] == "Sales · +1 469-555-1111"
    assert (view["submit"]["text"], view["close"]["text"]) == ("Send", "Cancel")


def test_the_form_is_prefilled():
    """What was understood already stands in it; known files are listed instead of asked for."""
    blocks = blocks_of(form_view(FormStart("C1", None, FILES, "+1 469", "2"), LINES, SITE))
    assert blocks["number"]["element"]["initial_value"] == "+1 469"
    assert blocks["line"]["element"]["initial_option"]["value"] == "2"
    assert "files" not in blocks
    assert blocks["context"]["elements"][0]["text"] == "Faxing *a.pdf*, *b_2.png*, in this order."


def test_without_lines_there_is_no_line_to_choose():
    """While no line is known the form does without, and a note says why."""
    blocks = blocks_of(form_view(FormStart("C1"), [], SITE, "The fax server doesn't answer."))
    assert list(blocks) == ["context", "number", "files"]


def test_the_form_opens_before_the_files_are_found():
    """The first view has nothing to send; it carries the same start."""
    start = FormStart("C1", "1.2", key="k")
    view = loading_view(start)
    assert "submit" not in view
    assert action_ids.decode_form_start(view["private_metadata"]) == start
    assert refusal_view(start, "There is no file in that message.")["close"]["text"] == "Close"


def test_a_filled_in_form_is_read():
    """Number, line and uploaded files, in their order, and where the form was opened."""
    start = FormStart("C1", "1.2")
    entry = parse_submission(
        submitted(
            start,
            number={"value": " 469 555 0101 "},
            line={"selected_option": {"value": "2"}},
            files={"files": [{"id": "F9", "name": "x.pdf", "size": 3}, {"id": "F8"}]},
        )
    )
    assert entry == FormEntry(
        "469 555 0101", "2", ({"id": "F9", "name": "x.pdf"}, {"id": "F8", "name": ""}), start
    )


def test_files_known_at_the_start_need_no_upload():
    """A form opened on a message's files sends these."""
    entry = parse_submission(submitted(FormStart("C1", files=FILES, line_id="1"), number={"value": "599"}))
    assert isinstance(entry, FormEntry)
    assert (entry.files, entry.line_id) == (FILES, "1")


def test_what_is_missing_is_said_at_its_field():
    """Errors go to the blocks they belong to."""
    assert parse_submission(submitted(FormStart("C1"), number={"value": None})) == FormErrors(
        {"number": "Which number is it for?", "files": "Add the file to fax."}
    )


def test_many_or_long_names_still_fit():
    """Private metadata takes 3000 characters, a button 2000: names go first, ids stay."""
    files = tuple({"id": f"F0123456{n}", "name": "ü" * 255} for n in range(20))
    start = FormStart("C1", "1.2", files, "469", "1", "key")
    for limit in (action_ids.MAX_METADATA, action_ids.MAX_VALUE):
        value = start.encode(limit)
        assert len(value) <= limit
        assert [file["id"] for file in action_ids.decode_form_start(value).files] == [
            file["id"] for file in files
        ]
    shown = blocks_of(form_view(start, LINES, SITE))
    assert "and 10 more" in shown["context"]["elements"][0]["text"]
    with pytest.raises(BadCommand):
        FormStart(files=files * 20).encode()


def test_half_a_surrogate_in_a_name_travels():
    """JSON can bring half a surrogate pair; it does not break the button."""
    value = FormStart("C1", files=({"id": "F1", "name": "a\ud800.pdf"},)).encode()
    assert action_ids.decode_form_start(value).files[0]["name"] == "a?.pdf"


@given(st.text() | st.from_regex(r'\A\{"(files|channel_id|thread_ts)":.{0,20}\}\Z'))
def test_a_garbled_value_is_refused(text):
    """Whatever comes back from outside is ours or a BadCommand."""
    for read in (action_ids.decode_target, action_ids.decode_page, action_ids.decode_form_start):
        try:
            read(text)
        except BadCommand:
            continue


@pytest.mark.parametrize(
    "value",
    [None, "", "fax:0", "fax:-1", "fax:1 ", "fax:1:2", "job:82", "job:TX", "record:x", "job:TX1:", "run:1"],
)
def test_a_forged_target_is_refused(value):
    """Only what a button of ours could carry is acted on."""
    with pytest.raises(BadCommand):
        action_ids.decode_target(value)


@given(
    st.one_of(
        st.builds(Target, st.sampled_from([Subject.FAX, Subject.RECORD]), st.integers(1, 10**15).map(str)),
        st.builds(
            Target,
            st.just(Subject.JOB),
            st.from_regex(r"\A[TR]X[0-9]{1,12}\Z"),
            st.none() | st.integers(0, 10**11),
        ),
    )
)
def test_a_target_travels(target):
    """What a button is about comes back as it went."""
    assert action_ids.decode_target(target.encode()) == target


def test_a_page_travels():
    """Which page of which history comes back as it went."""
    assert action_ids.decode_page(action_ids.encode_page(Direction.RX, 12)) == (Direction.RX, 12)
    for value in ("RX:0", "rx:1", "RX", "RX:1:1", None):
        with pytest.raises(BadCommand):
            action_ids.decode_page(value)


def test_actions_are_matched_with_their_suffix():
    """A listener registers one pattern for all buttons of its kind, and for no other."""
    assert Action.HISTORY_PAGE.pattern.match("history_page:older")
    assert Action.DELETE.pattern.match("delete_record")
    assert not Action.DELETE.pattern.match("delete_record_now")
