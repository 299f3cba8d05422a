"""Who is in a channel, and whether it is still in use."""

from .request import DeniedError, PersonRequest


async def invite(ask: PersonRequest) -> dict[str, object]:
    """POST /_/invite: {channel, user}: *user* joins, invited by `by` when that is named."""
    channel = ask.channel
    if channel.is_im or channel.is_archived:
        raise DeniedError("cant_invite", "Nobody can be invited here.")
    if ask.user in channel.members:
        raise DeniedError("already_in_channel", "They are already in this channel.")
    ask.site.add_member(channel, ask.user, ask.text("by"))
    return {}


async def kick(ask: PersonRequest) -> dict[str, object]:
    """POST /_/kick: {channel, user}: *user* leaves."""
    if ask.channel.is_im or ask.user not in ask.channel.members:
        raise DeniedError("not_in_channel", "They are not in this channel.")
    ask.site.remove_member(ask.channel, ask.user)
    return {}


async def archive(ask: PersonRequest) -> dict[str, object]:
    """POST /_/archive: {channel}; with {"undo": true} it is in use again."""
    channel = ask.channel
    if channel.is_im:
        raise DeniedError("cant_archive", "A direct message cannot be archived.")
    channel.is_archived = not ask.body.get("undo")
    ask.site.state.show_channel(channel)
    return {}
