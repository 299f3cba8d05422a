"""Calls to Slack's Web API: client, connections, rate limits."""
