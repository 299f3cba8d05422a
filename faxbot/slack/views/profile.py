"""How things are called where this bot runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BotProfile:
    """*region* is the ISO 3166 code that numbers without a country code belong to."""

    region: str = "US"
    command: str = "/fax"
    bot_name: str = "faxbot"
