"""chat.postEphemeral."""

from .call import CallRefusedError, MethodAnswer, WebApiCall, method
from .chat import writable
from .compose import CUT_AT, read_content


@method("chat.postEphemeral", scopes=("chat:write",), tier=4, required=("channel", "user"), json=True)
async def post_ephemeral(call: WebApiCall) -> MethodAnswer:
    """Show a message to one member of a conversation; it can only be changed through a response_url."""
    channel = writable(call)
    content = read_content(call, limit=CUT_AT)
    user = call.text("user")
    if user not in channel.members:
        raise CallRefusedError("user_not_in_channel")
    if call.text("thread_ts"):
        content["thread_ts"] = call.text("thread_ts")
    return {"message_ts": call.state.whisper(channel.id, user, content).ts}
