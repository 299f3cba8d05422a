"""Who acted, and where, as Slack's payloads say it."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faxbot.slack.action_ids import Subject, Target
from faxbot.slack.listeners.actions.keys import subject_of
from faxbot.slack.payloads import Origin, files_in, origin_of

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PARTS = ("user", "channel", "container", "message", "event", "view", "user_id", "channel_id", "response_url")


def test_a_press_on_a_message_in_a_thread():
    """Person, conversation, thread and message are found."""
    body = {
        "user": {"id": "U1"},
        "channel": {"id": "C1"},
        "container": {"message_ts": "5.1", "thread_ts": "4.1", "channel_id": "C1"},
        "response_url": "https://x",
        "trigger_id": "t",
    }
    assert origin_of(body) == Origin("U1", "C1", "4.1", "https://x", "t", "5.1")


def test_an_event_about_a_file():
    """`file_shared` calls person and conversation by other names."""
    assert origin_of({"event": {"user_id": "U1", "channel_id": "C1"}}) == Origin("U1", "C1")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine is shared
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(PARTS, anything)))
def test_no_payload_makes_it_fail(body):
    """What a payload does not say, or says oddly, is empty."""
    origin = origin_of(body)
    assert isinstance(origin.user_id, str)
    assert origin.thread_ts is None or origin.thread_ts


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(anything)
def test_odd_files_are_left_out(files):
    """Whatever Slack lists, only files with an id are files."""
    assert all(set(each) == {"id", "name"} for each in files_in({"files": files}))


def test_a_stub_of_a_file_counts_and_a_deleted_one_does_not():
    """A file from another workspace comes as an id only; it must be reported, not skipped."""
    files = [
        {"id": "F1", "mode": "file_access"},
        {"id": "F2", "mode": "tombstone"},
        {"id": "F3", "title": "b"},
    ]
    assert files_in({"files": files}) == [{"id": "F1", "name": ""}, {"id": "F3", "name": "b"}]


def test_what_a_button_is_about():
    """Our rows by number, jobs by their id and moment."""
    assert subject_of(Target(Subject.FAX, "12")) == {"fax_id": 12}
    assert subject_of(Target(Subject.RECORD, "7")) == {"record_id": 7}
    assert subject_of(Target(Subject.JOB, "RX3")) == {"job_id": "RX3"}
