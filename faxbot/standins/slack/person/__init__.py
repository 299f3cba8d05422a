"""The person API, /_/…: what somebody in the workspace sees and does."""
