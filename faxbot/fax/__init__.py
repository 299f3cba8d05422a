"""The fax domain: values and rules. No I/O, no Slack, no fax server, no database."""
