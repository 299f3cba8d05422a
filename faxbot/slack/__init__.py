"""Slack: what people type and press, what they see, and the way there and back."""
