"""chat.postEphemeral."""

from .call import CallRefusedError, MethodAnswer, WebApiCall, method
from .chat import writable
from .compose import MAX_TEXT, read_content


@method("chat.postEphemeral", scopes=("chat:write",), tier=4, required=("channel", "user"), json=True)
async def post_ephemeral(call: WebApiCall) -> MethodAnswer:
    """Post an ephemeral message to one member; it can be changed through a response_url only."""
    channel = writable(call)
    content = read_content(call, limit=MAX_TEXT)
    user = call.text("user")
    if user not in channel.members:
        raise CallRefusedError("user_not_in_channel")
    if call.text("thread_ts"):
        content["thread_ts"] = call.text("thread_ts")
    return {"message_ts": call.state.post_ephemeral(channel.id, user, content).ts}
