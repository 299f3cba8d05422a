"""api.test, auth.test, apps.connections.open, bots.info."""

from faxbot.standins.slack.model.people import APP_ID, BOT_ID, BOT_USER, TEAM_ID

from .call import CallRefusedError, MethodAnswer, WebApiCall, method


@method("api.test", tier=4, json=True, token="none")  # noqa: S106  (the kind of token, not one)
async def api_test(call: WebApiCall) -> MethodAnswer:
    """Return ok, or the error given as an argument."""
    if call.text("error"):
        raise CallRefusedError(call.text("error"), args=call.args)
    return {"args": call.args} if call.args else {}


@method("auth.test", tier=5, json=True)
async def auth_test(call: WebApiCall) -> MethodAnswer:
    """Return the team, user and bot of the token."""
    state = call.state
    return {
        "url": f"{state.base}/",
        "team": state.team["name"],
        "user": state.users[BOT_USER]["name"],
        "team_id": TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", tier=3, json=True, token="app")  # noqa: S106  (the kind of token, not one)
async def connections_open(call: WebApiCall) -> MethodAnswer:
    """Return a WebSocket address for Socket Mode, valid for one handshake."""
    return {"url": call.installation.socket.new_address()}


@method("bots.info", scopes=("users:read",), tier=3)
async def bots_info(call: WebApiCall) -> MethodAnswer:
    """Return the bot."""
    if call.text("bot") not in {"", BOT_ID}:
        raise CallRefusedError("bot_not_found")
    user = call.state.users[BOT_USER]
    return {
        "bot": {
            "id": BOT_ID,
            "deleted": False,
            "name": call.state.bot_name,
            "updated": user["updated"],
            "app_id": APP_ID,
            "user_id": BOT_USER,
            "icons": {},
        }
    }
