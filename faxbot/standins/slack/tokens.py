"""Tokens in requests."""

from aiohttp import web


def bearer_token(request: web.Request) -> str:
    """The token of the Authorization header, or ""."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
