"""The bot's names and region, which messages show."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BotProfile:
    """Slash command, bot name, and *region*: the ISO 3166 code for numbers without a country code."""

    region: str = "US"
    command: str = "/fax"
    bot_name: str = "faxbot"
