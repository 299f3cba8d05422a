"""
`faxbot doctor`: checks everything that `faxbot serve` needs.

It changes nothing (no migration, no message, no fax), so that it can run beside the bot.
"""
