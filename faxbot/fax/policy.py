"""Who may do what. Every refusal names its rule."""

from faxbot.fax.errors import NotAllowed


def may_change_sent(
    actor: str, *, sender: str | None, sender_name: str, admin: bool, verb: str, job_id: str
) -> None:
    """
    Sent faxes are changed by their sender and by admins.

    Raises:
        NotAllowed: *actor* is neither.
    """
    if admin or (sender is not None and actor == sender):
        return
    who = f"Only {sender_name} or an admin" if sender else "Only an admin"
    raise NotAllowed(f"{who} can {verb} {job_id}.")


def may_change_received(*, received_here: bool, admin: bool, verb: str, job_id: str) -> None:
    """
    Received faxes are for anyone in a conversation that receives them, there, and for admins anywhere.

    Raises:
        NotAllowed: Neither holds.
    """
    if not (admin or received_here):
        raise NotAllowed(
            f"Only people in a channel that received {job_id}, there, or an admin can {verb} it."
        )


def may_subscribe_received(*, admin: bool) -> None:
    """
    Received faxes go to more channels only if an admin says so.

    Raises:
        NotAllowed: The person is no admin.
    """
    if not admin:
        raise NotAllowed("Only an admin can subscribe a channel to received faxes.")
