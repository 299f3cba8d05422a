"""Block Kit: validation rules as a declarative table, and the ids that Slack fills in."""
