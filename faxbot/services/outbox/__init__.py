"""Announcements: written with the facts, posted to Slack once."""
