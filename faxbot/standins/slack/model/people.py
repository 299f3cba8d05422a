"""The initial people and channels of a workspace."""

from dataclasses import dataclass, field
from typing import Any

TEAM_ID = "T02HARBOR1"
APP_ID = "A02FAXBOT1"
BOT_ID = "B02FAXBOT1"
BOT_USER = "U02FAXBOT1"
DANA = "U02DANA001"
MARCUS = "U02MARCUS1"
PRIYA = "U02PRIYA01"
GENERAL = "C02GENERAL"
CLAIMS = "C02CLAIMS1"
INBOUND_FAX = "C02INBOUND"
LEGAL = "C02LEGAL01"
FOUNDED = 1735689600
"""The creation time of the workspace: 1 January 2025, UTC."""


@dataclass
class Channel:
    """A channel, private channel or direct message; *partner* is set for a direct message with the bot."""

    id: str
    name: str
    members: list[str] = field(default_factory=list)
    partner: str = ""
    is_private: bool = False
    is_archived: bool = False
    topic: str = ""
    created: int = FOUNDED

    @property
    def is_im(self) -> bool:
        """Whether this is a direct message."""
        return bool(self.partner)

    @property
    def kind(self) -> str:
        """The channel_type of events: "im", "group" or "channel"."""
        if self.is_im:
            return "im"
        return "group" if self.is_private else "channel"

    @property
    def scope(self) -> str:
        """The prefix of the scopes for this conversation: "channels", "groups" or "im"."""
        return {"im": "im", "group": "groups", "channel": "channels"}[self.kind]


def _user(ident: str, name: str, real_name: str, zone: tuple[str, int], **flags: bool) -> dict[str, Any]:
    tz, offset = zone
    return {
        "id": ident,
        "team_id": TEAM_ID,
        "name": name,
        "deleted": False,
        "color": "9f69e7",
        "real_name": real_name,
        "tz": tz,
        "tz_label": tz.rsplit("/", 1)[-1].replace("_", " "),
        "tz_offset": offset,
        "profile": {
            "title": "",
            "real_name": real_name,
            "real_name_normalized": real_name,
            "display_name": name,
            "display_name_normalized": name,
            "status_text": "",
            "status_emoji": "",
            "team": TEAM_ID,
        },
        "is_admin": flags.get("admin", False),
        "is_owner": flags.get("owner", False),
        "is_primary_owner": flags.get("owner", False),
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": flags.get("bot", False),
        "is_app_user": False,
        "updated": FOUNDED,
    }


def first_users(bot_name: str) -> dict[str, dict[str, Any]]:
    """Two members, an administrator who is also the owner, the bot, and Slack's own bot."""
    chicago, new_york, utc = ("America/Chicago", -21600), ("America/New_York", -18000), ("Etc/UTC", 0)
    bot = _user(BOT_USER, bot_name.lower().replace(" ", ""), bot_name, utc, bot=True)
    bot["profile"] |= {"bot_id": BOT_ID, "api_app_id": APP_ID, "display_name": ""}
    slackbot = _user("USLACKBOT", "slackbot", "Slackbot", utc)
    people = [
        _user(DANA, "dana", "Dana Whitfield", chicago),
        _user(MARCUS, "marcus", "Marcus Oyelaran", new_york),
        _user(PRIYA, "priya", "Priya Raman", chicago, admin=True, owner=True),
        bot,
        slackbot,
    ]
    return {user["id"]: user for user in people}


def first_channels() -> dict[str, Channel]:
    """Four channels (the bot is in all but #legal) and a direct message of each person with the bot."""
    everyone = [DANA, MARCUS, PRIYA]
    channels = [
        Channel(GENERAL, "general", [*everyone, BOT_USER], topic="Everyone at Harbor Clinic"),
        Channel(CLAIMS, "claims", [*everyone, BOT_USER], topic="Claims and referrals"),
        Channel(INBOUND_FAX, "inbound-fax", [*everyone, BOT_USER], topic="What the fax lines bring in"),
        Channel(LEGAL, "legal", list(everyone), topic="Contracts"),
        *(
            Channel("D02" + person[3:], "", [person, BOT_USER], partner=person, is_private=True)
            for person in everyone
        ),
    ]
    return {channel.id: channel for channel in channels}
