"""The way in and out of the Web API: authentication, scopes, limits, faults and the journal."""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from faxbot.standins.slack.faults import WorkspaceFault
from faxbot.standins.slack.http_faults import cut
from faxbot.standins.slack.installation import Installation
from faxbot.standins.slack.tokens import bearer_token

from .arguments import read_arguments
from .call import (
    METHODS,
    CallRefusedError,
    MethodAnswer,
    WebApiCall,
    WebApiMethod,
    invalid_arguments,
    missing_scope,
)


async def handle(request: web.Request, site: Installation) -> web.StreamResponse:
    """Answer one request to /api/<method>."""
    name = request.match_info["method"]
    method = METHODS.get(name)
    arrival = await _arrive(request, method)
    fault = site.faults.strike(name, arrival.args)
    early = await _before(request, fault) if fault else None
    if fault and early:
        pause: dict[str, Any] = {"retry_after": int(fault.seconds())} if fault.kind == "ratelimited" else {}
        _note(site, name, arrival.args, f"fault:{fault.kind}", **pause)
        return early
    wait = site.limits.wait_for(name, method.tier, str(arrival.args.get("channel") or "")) if method else 0
    if wait:
        _note(site, name, arrival.args, "ratelimited", retry_after=wait)
        return too_many(wait)
    try:
        answer = await _carry_out(site, method, arrival, fault)
    except CallRefusedError as exc:
        answer = {"ok": False, "error": exc.code, **exc.more}
    _note(site, name, arrival.args, str(answer.get("error") or "ok"), answer)
    late = await _after(request, fault, answer) if fault else None
    return late or web.json_response(answer, headers=_headers(site, method))


@dataclass
class _Arrival:
    """A request as it came in: its arguments, or why they cannot be read, and its token."""

    args: dict[str, Any]
    warnings: list[str]
    refusal: CallRefusedError | None
    token: str
    in_header: bool


async def _arrive(request: web.Request, method: WebApiMethod | None) -> _Arrival:
    refusal = None
    try:
        args, warnings = await read_arguments(request, json_allowed=method is None or method.json)
    except CallRefusedError as exc:
        args, warnings, refusal = {}, [], exc
    header = bearer_token(request)
    token = str(args.pop("token", "") or "")
    return _Arrival(args, warnings, refusal, header or token, bool(header))


async def _carry_out(
    site: Installation, method: WebApiMethod | None, arrival: _Arrival, fault: WorkspaceFault | None
) -> MethodAnswer:
    if arrival.refusal:
        raise arrival.refusal
    if method is None:
        raise CallRefusedError("unknown_method")
    _authenticate(site, method, arrival)
    granted = site.manifest.scopes
    if fault and fault.kind == "missing_scope":
        needed = method.scopes or ("unknown",)
        raise missing_scope(needed, granted - set(needed))
    if fault and fault.kind == "error":
        raise CallRefusedError(str(fault.values.get("error", "internal_error")))
    call = WebApiCall(site, method, arrival.args, arrival.warnings, fault)
    call.need_scope(*method.scopes)
    missing = [name for name in method.required if arrival.args.get(name) in (None, "")]
    if missing:
        raise invalid_arguments(*(f"missing required field: {name}" for name in missing))
    answer: MethodAnswer = {"ok": True, **await method.body(call)}
    if call.warnings:
        answer["warning"] = ",".join(call.warnings)
        answer.setdefault("response_metadata", {})["warnings"] = call.warnings
    return answer


def _authenticate(site: Installation, method: WebApiMethod, arrival: _Arrival) -> None:
    state, token, kind = site.state, arrival.token, method.token
    if kind == "none":
        return
    if not token:
        raise CallRefusedError("not_authed")
    if token not in {state.bot_token, state.app_token} or (kind == "app" and not arrival.in_header):
        raise CallRefusedError("invalid_auth")
    if (token == state.app_token) != (kind == "app"):
        raise CallRefusedError("not_allowed_token_type")
    if token == state.bot_token and state.token_revoked:
        raise CallRefusedError("token_revoked")


async def _before(request: web.Request, fault: WorkspaceFault) -> web.StreamResponse | None:
    """The answer of a call that never reaches its method, or None after the delay that was asked for."""
    if fault.kind == "drop_before":
        return cut(request)
    if fault.kind == "http":
        return web.Response(status=int(fault.values.get("status", 500)), text="upstream error")
    if fault.kind == "html":
        return web.Response(text="<!DOCTYPE html><title>Slack</title>", content_type="text/html")
    if fault.kind == "ratelimited":
        return too_many(int(fault.seconds()))
    if fault.kind == "latency":
        await asyncio.sleep(fault.seconds())
    return None


async def _after(
    request: web.Request, fault: WorkspaceFault, answer: MethodAnswer
) -> web.StreamResponse | None:
    """The trouble with the answer of a call that was carried out."""
    if fault.kind == "drop_after":
        return cut(request)
    if fault.kind == "slow_answer":
        await asyncio.sleep(fault.seconds())
    if fault.kind == "metadata_not_echoed":
        for message in [answer.get("message"), *answer.get("messages", [])]:
            if isinstance(message, dict):
                message.pop("metadata", None)
    return None


def too_many(seconds: int) -> web.Response:
    """HTTP 429."""
    return web.json_response(
        {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(seconds)}
    )


def _headers(site: Installation, method: WebApiMethod | None) -> dict[str, str]:
    return {
        "X-Slack-Req-Id": secrets.token_hex(16),
        "X-OAuth-Scopes": ",".join(sorted(site.manifest.scopes)),
        "X-Accepted-OAuth-Scopes": ",".join(method.scopes if method else ()),
        "Cache-Control": "private, no-cache, no-store, must-revalidate",
    }


def _note(
    site: Installation,
    name: str,
    args: dict[str, Any],
    outcome: str,
    answer: MethodAnswer | None = None,
    **more: Any,  # noqa: ANN401  (facts for the journal)
) -> None:
    facts = more | {
        key: (answer or {})[key] for key in ("ts", "message_ts", "file_id") if key in (answer or {})
    }
    site.journal.note("api", method=name, args=args, outcome=outcome, **facts)
