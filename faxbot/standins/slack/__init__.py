"""
A local Slack workspace with one app installed: Web API, Socket Mode, HTTP mode, files and a web page.

docs/stand-in.md lists what it imitates.
"""

from .server import Workspace

__all__ = ["Workspace"]
