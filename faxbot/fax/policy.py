"""Permissions. Every refusal says who has the permission."""

from faxbot.fax.errors import NotAllowed


def may_change_sent(
    actor: str, *, sender: str | None, sender_name: str, admin: bool, verb: str, job_id: str
) -> None:
    """
    Check that *actor* may change a sent fax: its sender and admins may.

    Raises:
        NotAllowed: *actor* is neither.
    """
    if admin or (sender is not None and actor == sender):
        return
    who = f"Only {sender_name} or an admin" if sender else "Only an admin"
    raise NotAllowed(f"{who} can {verb} {job_id}.")


def may_change_received(*, received_here: bool, admin: bool, verb: str, job_id: str) -> None:
    """
    Check that a received fax may be changed: anyone may in a conversation that received it, admins anywhere.

    Raises:
        NotAllowed: Neither applies.
    """
    if not (admin or received_here):
        raise NotAllowed(
            f"Only people in a channel that received {job_id}, there, or an admin can {verb} it."
        )


def may_subscribe_received(*, admin: bool) -> None:
    """
    Check that a channel may be subscribed to received faxes: only admins may do that.

    Raises:
        NotAllowed: The person is no admin.
    """
    if not admin:
        raise NotAllowed("Only an admin can subscribe a channel to received faxes.")
