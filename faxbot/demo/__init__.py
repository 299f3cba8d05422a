"""The demo and the tour: both stand-ins with `faxbot serve` between them. No code is shared with the bot."""
