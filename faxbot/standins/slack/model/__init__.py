"""The state of the workspace: people, channels, messages, files, views. No HTTP here."""
