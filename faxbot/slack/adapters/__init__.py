"""Implementations of the ports in services/model/ports.py with Slack's Web API."""
