"""Block Kit: what Slack accepts, as a declarative table, and the ids it fills in."""
