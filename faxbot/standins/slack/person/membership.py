"""Members of a channel, and archiving."""

from .request import DeniedError, PersonRequest


async def invite(request: PersonRequest) -> dict[str, object]:
    """POST /_/invite: {channel, user, by}: add *user*, invited by `by` (optional)."""
    channel = request.channel
    if channel.is_im or channel.is_archived:
        raise DeniedError("cant_invite", "Nobody can be invited here.")
    if request.user in channel.members:
        raise DeniedError("already_in_channel", "They are already in this channel.")
    request.installation.add_member(channel, request.user, request.text("by"))
    return {}


async def remove(request: PersonRequest) -> dict[str, object]:
    """POST /_/kick: {channel, user}: remove *user*."""
    if request.channel.is_im or request.user not in request.channel.members:
        raise DeniedError("not_in_channel", "They are not in this channel.")
    request.installation.remove_member(request.channel, request.user)
    return {}


async def archive(request: PersonRequest) -> dict[str, object]:
    """POST /_/archive: {channel}: archive, or with {"undo": true} unarchive."""
    channel = request.channel
    if channel.is_im:
        raise DeniedError("cant_archive", "A direct message cannot be archived.")
    channel.is_archived = not request.body.get("undo")
    request.state.publish_channel(channel)
    return {}
