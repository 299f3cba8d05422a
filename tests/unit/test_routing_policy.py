"""Which channels a fax is posted in, and who may do what to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxbot.fax.errors import NotAllowed, Refusal
from faxbot.fax.job import Direction
from faxbot.fax.policy import may_change_received, may_change_sent, may_subscribe_received
from faxbot.fax.routing import SubscriptionFilter, subscribed_channels

RX, TX = Direction.RX, Direction.TX


def test_the_first_channels_hear_without_any_interest():
    """Every received fax is posted in the inbound channel, subscribed or not."""
    assert subscribed_channels([], RX, line_id="1", first=["CINBOUND"]) == ["CINBOUND"]


def test_overlapping_subscriptions_post_once_per_channel():
    """All faxes, the line's faxes and this very fax make one channel, in the order of asking."""
    interests = [
        SubscriptionFilter("CA", RX),
        SubscriptionFilter("CB", RX, line_id="2"),
        SubscriptionFilter("CA", RX, line_id="2"),
        SubscriptionFilter("CINBOUND", RX),
        SubscriptionFilter("CA", RX, fax_id=7),
    ]
    assert subscribed_channels(interests, RX, line_id="2", fax_id=7, first=["CINBOUND"]) == [
        "CINBOUND",
        "CA",
        "CB",
    ]


def test_a_direction_is_not_the_other():
    """A subscription to sent faxes does not match received ones."""
    assert subscribed_channels([SubscriptionFilter("CA", TX)], RX, line_id="1") == []


def test_a_line_is_not_another():
    """A subscription to line 2 does not match line 1."""
    assert subscribed_channels([SubscriptionFilter("CA", RX, line_id="2")], RX, line_id="1") == []


def test_a_fax_of_an_unknown_line_reaches_only_who_wants_all_lines():
    """A fax of an unknown line matches no subscription to one line."""
    interests = [SubscriptionFilter("CLINE", RX, line_id="1"), SubscriptionFilter("CALL", RX)]
    assert subscribed_channels(interests, RX, line_id="") == ["CALL"]


def test_an_interest_in_one_fax_is_for_no_other():
    """One fax means that one, on whatever line it goes."""
    interest = SubscriptionFilter("CA", TX, fax_id=7)
    assert subscribed_channels([interest], TX, line_id="1", fax_id=7) == ["CA"]
    assert subscribed_channels([interest], TX, line_id="1", fax_id=8) == []
    assert subscribed_channels([interest], TX, line_id="1") == []


def test_an_empty_first_channel_has_no_user():
    """A fax without a home, sent by another program, has only its subscribers."""
    assert subscribed_channels([SubscriptionFilter("CA", TX)], TX, line_id="1", first=["", ""]) == ["CA"]


INTERESTS = st.builds(
    SubscriptionFilter,
    st.sampled_from(["CA", "CB", "CC"]),
    st.sampled_from(Direction),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from([0, 7, 8]),
)


@given(st.lists(INTERESTS), st.sampled_from(["", "1", "2"]), st.sampled_from([7, 8]))
def test_one_post_per_subscribed_channel(interests: list[SubscriptionFilter], line_id: str, fax_id: int):
    """Every channel is listed once at most, and only with a matching subscription."""
    channels = subscribed_channels(interests, RX, line_id=line_id, fax_id=fax_id, first=["CINBOUND"])
    asked = {each.channel_id for each in interests if each.direction is RX}
    assert len(channels) == len(set(channels))
    assert channels[0] == "CINBOUND"
    assert set(channels) <= asked | {"CINBOUND"}


@pytest.mark.parametrize(
    ("actor", "sender", "admin"),
    [("UDANA", "UDANA", False), ("UPRIYA", "UDANA", True), ("UPRIYA", None, True)],
)
def test_the_sender_and_admins_change_a_sent_fax(actor: str, sender: str | None, admin: bool):  # noqa: FBT001 - a row of the table
    """The sender may, and an admin may, also where faxbot knows no sender."""
    may_change_sent(actor, sender=sender, sender_name="Dana", admin=admin, verb="cancel", job_id="TX83")


def test_other_users_see_who_may_change_a_sent_fax():
    """The refusal names the sender, the verb and the job."""
    with pytest.raises(NotAllowed, match=r"^Only Dana or an admin can cancel TX83\.$"):
        may_change_sent(
            "UMARCUS", sender="UDANA", sender_name="Dana", admin=False, verb="cancel", job_id="TX83"
        )


def test_a_fax_of_another_program_is_for_admins():
    """Without a sender there is only the admins' rule, and it is named."""
    with pytest.raises(NotAllowed, match=r"^Only an admin can delete TX83\.$"):
        may_change_sent("UDANA", sender=None, sender_name="", admin=False, verb="delete", job_id="TX83")


def test_a_received_fax_is_for_those_who_received_it_and_admins():
    """Having received it here is enough, being an admin is enough, neither is refused with the rule."""
    may_change_received(received_here=True, admin=False, verb="delete", job_id="RX34")
    may_change_received(received_here=False, admin=True, verb="delete", job_id="RX34")
    with pytest.raises(NotAllowed, match=r"channel that received RX34, there, or an admin can delete it"):
        may_change_received(received_here=False, admin=False, verb="delete", job_id="RX34")


def test_only_an_admin_opens_the_inbox_to_a_channel():
    """Subscribing to received faxes takes an admin; the refusal says so."""
    may_subscribe_received(admin=True)
    with pytest.raises(NotAllowed, match="Only an admin can subscribe a channel to received faxes"):
        may_subscribe_received(admin=False)


def test_not_being_allowed_is_a_refusal():
    """A person can put it right, so the request ends there and is not tried again."""
    assert issubclass(NotAllowed, Refusal)
