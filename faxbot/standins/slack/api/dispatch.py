"""Dispatch of Web API requests: authentication, scopes, rate limits, faults and the journal."""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from faxbot.standins.slack.faults import WorkspaceFault
from faxbot.standins.slack.http_faults import abort_connection
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


async def dispatch(request: web.Request, installation: Installation) -> web.StreamResponse:
    """Answer one request to /api/<method>."""
    name = request.match_info["method"]
    method = METHODS.get(name)
    api_request = await _read_request(request, method)
    fault = installation.faults.consume(name, api_request.args)
    early = await _fault_before(request, fault) if fault else None
    if fault and early:
        pause: dict[str, Any] = {"retry_after": int(fault.seconds())} if fault.kind == "ratelimited" else {}
        _log(installation, name, api_request.args, f"fault:{fault.kind}", **pause)
        return early
    wait = (
        installation.limits.wait_for(name, method.tier, str(api_request.args.get("channel") or ""))
        if method
        else 0
    )
    if wait:
        _log(installation, name, api_request.args, "ratelimited", retry_after=wait)
        return rate_limited(wait)
    try:
        answer = await _run(installation, method, api_request, fault)
    except CallRefusedError as exc:
        answer = {"ok": False, "error": exc.code, **exc.more}
    _log(installation, name, api_request.args, str(answer.get("error") or "ok"), answer)
    late = await _fault_after(request, fault, answer) if fault else None
    return late or web.json_response(answer, headers=_headers(installation, method))


@dataclass
class _ApiRequest:
    """A parsed request: its arguments, or the error of parsing them, and its token."""

    args: dict[str, Any]
    warnings: list[str]
    refusal: CallRefusedError | None
    token: str
    in_header: bool


async def _read_request(request: web.Request, method: WebApiMethod | None) -> _ApiRequest:
    refusal = None
    try:
        args, warnings = await read_arguments(request, json_allowed=method is None or method.json)
    except CallRefusedError as exc:
        args, warnings, refusal = {}, [], exc
    header = bearer_token(request)
    token = str(args.pop("token", "") or "")
    return _ApiRequest(args, warnings, refusal, header or token, bool(header))


async def _run(
    installation: Installation,
    method: WebApiMethod | None,
    api_request: _ApiRequest,
    fault: WorkspaceFault | None,
) -> MethodAnswer:
    if api_request.refusal:
        raise api_request.refusal
    if method is None:
        raise CallRefusedError("unknown_method")
    _authenticate(installation, method, api_request)
    granted = installation.manifest.scopes
    if fault and fault.kind == "missing_scope":
        needed = method.scopes or ("unknown",)
        raise missing_scope(needed, granted - set(needed))
    if fault and fault.kind == "error":
        raise CallRefusedError(str(fault.values.get("error", "internal_error")))
    call = WebApiCall(installation, method, api_request.args, api_request.warnings, fault)
    call.need_scope(*method.scopes)
    missing = [name for name in method.required if api_request.args.get(name) in (None, "")]
    if missing:
        raise invalid_arguments(*(f"missing required field: {name}" for name in missing))
    answer: MethodAnswer = {"ok": True, **await method.body(call)}
    if call.warnings:
        answer["warning"] = ",".join(call.warnings)
        answer.setdefault("response_metadata", {})["warnings"] = call.warnings
    return answer


def _authenticate(installation: Installation, method: WebApiMethod, api_request: _ApiRequest) -> None:
    state, token, kind = installation.state, api_request.token, method.token
    if kind == "none":
        return
    if not token:
        raise CallRefusedError("not_authed")
    if token not in {state.bot_token, state.app_token} or (kind == "app" and not api_request.in_header):
        raise CallRefusedError("invalid_auth")
    if (token == state.app_token) != (kind == "app"):
        raise CallRefusedError("not_allowed_token_type")
    if token == state.bot_token and state.token_revoked:
        raise CallRefusedError("token_revoked")


async def _fault_before(request: web.Request, fault: WorkspaceFault) -> web.StreamResponse | None:
    """The response when *fault* prevents the call; None when it runs, after an injected latency."""
    if fault.kind == "drop_before":
        return abort_connection(request)
    if fault.kind == "http":
        return web.Response(status=int(fault.values.get("status", 500)), text="upstream error")
    if fault.kind == "html":
        return web.Response(text="<!DOCTYPE html><title>Slack</title>", content_type="text/html")
    if fault.kind == "ratelimited":
        return rate_limited(int(fault.seconds()))
    if fault.kind == "latency":
        await asyncio.sleep(fault.seconds())
    return None


async def _fault_after(
    request: web.Request, fault: WorkspaceFault, answer: MethodAnswer
) -> web.StreamResponse | None:
    """Apply *fault* to the answer of a call that ran; return a response only when it replaces the answer."""
    if fault.kind == "drop_after":
        return abort_connection(request)
    if fault.kind == "slow_answer":
        await asyncio.sleep(fault.seconds())
    if fault.kind == "metadata_not_echoed":
        for message in [answer.get("message"), *answer.get("messages", [])]:
            if isinstance(message, dict):
                message.pop("metadata", None)
    return None


def rate_limited(seconds: int) -> web.Response:
    """A 429 response with Retry-After *seconds*."""
    return web.json_response(
        {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(seconds)}
    )


def _headers(installation: Installation, method: WebApiMethod | None) -> dict[str, str]:
    return {
        "X-Slack-Req-Id": secrets.token_hex(16),
        "X-OAuth-Scopes": ",".join(sorted(installation.manifest.scopes)),
        "X-Accepted-OAuth-Scopes": ",".join(method.scopes if method else ()),
        "Cache-Control": "private, no-cache, no-store, must-revalidate",
    }


def _log(
    installation: Installation,
    name: str,
    args: dict[str, Any],
    outcome: str,
    answer: MethodAnswer | None = None,
    **more: Any,  # noqa: ANN401  (facts for the journal)
) -> None:
    facts = more | {
        key: (answer or {})[key] for key in ("ts", "message_ts", "file_id") if key in (answer or {})
    }
    installation.journal.note("api", method=name, args=args, outcome=outcome, **facts)
