"""The services' ports, filled with Slack."""
