"""The person API, /_/…: what a person in the workspace sees and does."""
