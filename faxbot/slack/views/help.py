"""The help message, from the table of commands."""

from slack_sdk.models.blocks import Block

from faxbot.slack.grammar import SYNTAX, Syntax
from faxbot.slack.views.blocks import Rendered, context, rendered, section
from faxbot.slack.views.profile import BotProfile
from faxbot.slack.views.text import code

_ALSO = (
    "Or send me the files in a direct message, or mention me beside them, with the number in the text. "
    "In a thread, use *Fax this…* in a message's menu."
)


def render_help(topic: str | None, profile: BotProfile) -> Rendered:
    """All commands, or the one named *topic* in detail; an unknown topic shows all."""
    if topic in SYNTAX:
        return _one(SYNTAX[topic], profile)
    rows = [f"{code(f'/fax {syntax.usage}', profile)}  {syntax.purpose}" for syntax in SYNTAX.values()]
    head = f"*{profile.command} sends, watches and fetches faxes.*"
    body = "\n".join([head, *rows])
    return rendered(f"{body}\n{_ALSO}", [section(body), context(_ALSO)])


def _one(syntax: Syntax, profile: BotProfile) -> Rendered:
    body = f"{code(f'/fax {syntax.usage}', profile)}\n*{syntax.purpose}*"
    if syntax.detail:
        body += f" {syntax.detail}"
    blocks: list[Block] = [section(body)]
    if syntax.examples:
        examples = "For example " + ", ".join(code(f"/fax {example}", profile) for example in syntax.examples)
        blocks.append(context(examples))
        body += f"\n{examples}"
    return rendered(body, blocks)
