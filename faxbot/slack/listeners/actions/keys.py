"""One press of a button."""

from collections.abc import Mapping
from typing import Any

from faxbot.slack.action_ids import Subject, Target
from faxbot.slack.payloads import Origin


def action_key(origin: Origin, action: Mapping[str, Any]) -> str:
    """
    The name of this press. Pressed again later, the same button is another wish: the first may have failed.

    Source: block_actions payloads (`actions[].action_ts`), Slack.
    """
    where = origin.message_ts or origin.view_id or "-"
    what = f"{action.get('action_id')}:{action.get('value')}"
    when = action.get("action_ts") or origin.interaction_id
    return f"click:{origin.channel_id or '-'}:{where}:{what}:{origin.user_id}:{when}"


def subject_of(target: Target) -> dict[str, Any]:
    """What a request is about, as the services take it: a row of ours, or a job of the fax server."""
    match target.subject:
        case Subject.FAX:
            return {"fax_id": target.row}
        case Subject.RECORD:
            return {"record_id": target.row}
        case Subject.JOB:
            return {"job_id": target.id} | ({} if target.time is None else {"time": target.time})
