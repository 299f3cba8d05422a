"""Tokens in requests."""

from aiohttp import web


def bearer_token(request: web.Request) -> str:
    """The bearer token of the Authorization header; "" when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
