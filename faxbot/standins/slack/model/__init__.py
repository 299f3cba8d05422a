"""The workspace's facts: people, channels, messages, files, views. No HTTP here."""
