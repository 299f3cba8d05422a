"""faxbot: send, watch and receive faxes inside Slack, in front of a UCX Fax API."""
