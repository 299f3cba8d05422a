"""Received faxes, notices and small sentences, as people read them."""

from datetime import UTC, datetime, timedelta

from faxbot.fax.record import Record
from faxbot.services.model.messages import (
    FaxConfirmation,
    FetchedFile,
    NumberQuestion,
    OutageBegan,
    OutageEnded,
    QueryFailing,
    QueryRecovered,
    ReceivedFax,
    Sentence,
)
from faxbot.slack.action_ids import decode_form_start
from faxbot.slack.views import BotProfile, render, render_comment

NOW = datetime(2026, 4, 20, 16, 10, tzinfo=UTC)
SITE = BotProfile()
AT = f"<!date^{int(NOW.timestamp())}^{{time}}|4:10 PM UTC>"


def a_record(**facts):
    usual = {
        "number": "2142454571",
        "caller_name": "2142454571",
        "station_id": "JONES & CO",
        "sent_pages": 3,
        "duration": 41,
    }
    return Record("RX34", NOW, **{**usual, **facts})


def sections(rendered):
    return [block["text"]["text"] for block in rendered.blocks if block["type"] == "section"]


def labels(rendered):
    return [e["text"]["text"] for b in rendered.blocks if b["type"] == "actions" for e in b["elements"]]


def test_the_text_beside_a_received_file():
    """From whom, how many pages, which line, when: all in one line."""
    comment = render_comment(ReceivedFax(7, a_record(), "Sales", 3), SITE, NOW)
    assert comment == f"📄 *Fax from +1 214-245-4571* · 3 pages · Sales · {AT}"


def test_a_line_that_is_not_known_is_not_named():
    """Without a line there is no gap where it would be."""
    comment = render_comment(ReceivedFax(7, a_record(), "", 3), SITE, NOW)
    assert comment == f"📄 *Fax from +1 214-245-4571* · 3 pages · {AT}"


def test_an_incomplete_fax_says_so_first():
    """A received fax with a status text was cut off."""
    message = ReceivedFax(7, a_record(status_text="T.30 T2 timeout", sent_pages=2), "Sales", 2)
    assert render_comment(message, SITE, NOW).startswith(
        "📄 *Incomplete fax from +1 214-245-4571* · 2 pages arrived before the line was cut · Sales · "
    )
    contexts = [b["elements"][0]["text"] for b in render(message, SITE, NOW).blocks if b["type"] == "context"]
    assert contexts == [
        'Incomplete: the sender may try again, which arrives as another fax. Server says: "T.30 T2 timeout".'
    ]


def test_the_details_of_a_received_fax():
    """The card under the file says what the other machine claims, and offers to delete the record."""
    card = render(ReceivedFax(7, a_record(), "Sales", 3), SITE, NOW)
    assert sections(card) == ['From "JONES &amp; CO" (what their machine says) · 3 pages in 41 s · RX34']
    assert card.text == sections(card)[0]
    assert labels(card) == ["Delete record"]
    button = card.blocks[-1]["elements"][0]
    assert (button["action_id"], button["value"]) == ("delete_record", "record:7")
    assert "confirm" in button


def test_a_deleted_received_fax_has_nothing_to_press():
    """Once deleted, the card says by whom."""
    card = render(ReceivedFax(7, a_record(), "Sales", 3, deleted_by="U1DANA"), SITE, NOW)
    assert "Record deleted by <@U1DANA>." in card.text
    assert labels(card) == []


def test_a_record_without_a_file_says_so():
    """Where the fax server has no file, the card stands alone and says what to do."""
    card = render(ReceivedFax(7, a_record(), "Sales", None, has_file=False), SITE, NOW)
    assert sections(card)[0].startswith("📄 *Fax from +1 214-245-4571*")
    assert "The fax server has no file for it so far. I keep asking for a day;" in sections(card)[0]


def test_a_file_that_slack_never_placed_is_linked():
    """When the details cannot stand under the file, they link it; what is no address is not linked."""
    link = "https://x.slack.com/files/U1/F1/fax.pdf"
    card = render(ReceivedFax(7, a_record(), "Sales", 3, permalink=link), SITE, NOW)
    assert f"<{link}|Open the document>" in sections(card)[0]
    odd = render(ReceivedFax(7, a_record(), "Sales", 3, permalink="https://x|y><!channel>"), SITE, NOW)
    assert "<!channel>" not in sections(odd)[0]


def test_the_fax_server_gone_and_back():
    """One sentence when it stops answering, one when it is back."""
    assert render(OutageBegan(NOW), SITE, NOW).text == (
        f"*The fax server doesn't answer* (since {AT}). "
        "Faxes are kept and go out when it is back. I keep trying."
    )
    back = OutageEnded(NOW - timedelta(minutes=7), NOW, 2)
    assert render(back, SITE, NOW).text == "*The fax server is back* after 7 min. 2 faxes went out."
    assert render(OutageEnded(NOW, NOW), SITE, NOW).text == "*The fax server is back* after 0 s."


def test_a_fax_server_that_rejects_the_credentials():
    """Rejected credentials are shown with the remedy, and when they are accepted again."""
    reply = render(OutageBegan(NOW, locked_out=True), SITE, NOW).text
    assert reply.startswith(f"*The fax server doesn't let me in* (since {AT}). Its Fax API license may")
    assert "System, Licenses" in reply
    back = OutageEnded(NOW - timedelta(minutes=7), NOW, 1, locked_out=True)
    assert render(back, SITE, NOW).text == "*The fax server lets me in again* after 7 min. 1 fax went out."


def test_a_fax_server_that_answers_some_queries():
    """A fax server that answers only some queries is announced, and the end of that."""
    reply = render(QueryFailing("received faxes", NOW), SITE, NOW).text
    assert reply.startswith(f"*The fax server tells nothing about received faxes* (since {AT})")
    tells = QueryRecovered("received faxes", NOW - timedelta(minutes=7), NOW)
    assert render(tells, SITE, NOW).text == "*The fax server tells about received faxes again* after 7 min."


def test_what_is_faxed_is_said_to_the_sender():
    """The sender reads which files go where."""
    one = FaxConfirmation("referral.pdf", 2, "+1 469-555-0101", "Sales", ("referral.pdf",))
    assert render(one, SITE, NOW).text == "Faxing *referral.pdf* (2 pages) to +1 469-555-0101 from Sales."
    several = FaxConfirmation("", None, "+1 469-555-0101", "Sales", ("a.pdf", "b.png"))
    assert render(several, SITE, NOW).text == (
        "Faxing *2 files* to +1 469-555-0101 from Sales.\nIn this order: *a.pdf*, *b.png*."
    )


def test_the_sender_is_told_what_was_done_to_the_pages():
    """What the recipient gets is not quite what was shared; a page that looks blank is a warning."""
    remarks = ("pages 1-2: turned", "page 3 looks blank")
    message = FaxConfirmation("a.pdf", 3, "+1 469-555-0101", "", ("a.pdf",), remarks)
    assert render(message, SITE, NOW).text == (
        "Faxing *a.pdf* (3 pages) to +1 469-555-0101.\nPages 1-2: turned.\n⚠ Page 3 looks blank."
    )
    many = FaxConfirmation("a.pdf", 9, "+1 469-555-0101", "", ("a.pdf",), ("page 1: turned",) * 7)
    assert render(many, SITE, NOW).text.endswith("\nAnd 2 remarks more.")


def test_files_without_a_number_get_a_button():
    """The "Fax this" button carries the files and what was understood so far to the form."""
    files = ({"id": "F1", "name": "a.pdf"},)
    reply = render(NumberQuestion(files, '"12" is too short.', "12", "1"), SITE, NOW)
    assert reply.text == '"12" is too short. To which number shall I fax *a.pdf*?'
    button = reply.blocks[-1]["elements"][0]
    assert (button["text"]["text"], button["action_id"]) == ("Fax this", "open_form")
    start = decode_form_start(button["value"])
    assert (start.files, start.number, start.line_id) == (files, "12", "1")


def test_a_sentence_speaks_of_the_command_as_it_is_called_here():
    """Commands in a sentence are code, under this workspace's names; the button runs what it says."""
    site = BotProfile(command="/telefax", bot_name="faxi")
    reply = render(Sentence("Type `/invite @faxbot`, then `/fax active`.", "/telefax active"), site, NOW)
    assert reply.text == "Type `/invite @faxi`, then `/telefax active`."
    button = reply.blocks[-1]["elements"][0]
    assert (button["action_id"], button["value"]) == ("run_command", "/telefax active")
    assert "confirm" not in button


def test_a_document_that_was_asked_for_names_the_asker():
    """The text beside a fetched document."""
    assert render_comment(FetchedFile("RX34", "U1DANA"), SITE, NOW) == "📄 *RX34*, for <@U1DANA>"
    assert render(FetchedFile("RX34", "U1DANA"), SITE, NOW).text == "📄 *RX34*, for <@U1DANA>"
