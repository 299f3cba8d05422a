"""
`faxbot doctor`: is everything there that `faxbot serve` needs?

It looks and changes nothing, so that it may be run beside the bot: nothing is migrated, posted or dialled.
"""
