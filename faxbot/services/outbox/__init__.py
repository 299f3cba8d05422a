"""The outbox: announcements are written in the transaction of the fact and posted to Slack once."""
