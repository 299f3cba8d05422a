"""The Web API: /api/<method>."""

from . import auth, chat, conversations, ephemeral, files, history, reactions, users, views
from .call import METHODS

__all__ = [
    "METHODS",
    "auth",
    "chat",
    "conversations",
    "ephemeral",
    "files",
    "history",
    "reactions",
    "users",
    "views",
]
