"""Two hundred faxes at once, on a fast clock, with Slack's rate limits on."""
