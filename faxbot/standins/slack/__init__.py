"""
A Slack workspace on one machine: Web API, Socket Mode, files and a page for people, with one app installed.

What is imitated is listed in docs/stand-in.md.
"""

from .server import Workspace

__all__ = ["Workspace"]
