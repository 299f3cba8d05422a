"""The trade's words and rules: no I/O, no Slack, no fax server, no database."""
