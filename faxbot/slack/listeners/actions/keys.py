"""Deduplication keys and request bodies of button presses."""

from collections.abc import Mapping
from typing import Any

from faxbot.slack.action_ids import Subject, Target
from faxbot.slack.payloads import Origin


def action_key(origin: Origin, action: Mapping[str, Any]) -> str:
    """
    The deduplication key of one press. A later press of the same button is another request.

    Source: block_actions payloads (`actions[].action_ts`), Slack.
    """
    where = origin.message_ts or origin.view_id or "-"
    what = f"{action.get('action_id')}:{action.get('value')}"
    when = action.get("action_ts") or origin.interaction_id
    return f"click:{origin.channel_id or '-'}:{where}:{what}:{origin.user_id}:{when}"


def subject_of(target: Target) -> dict[str, Any]:
    """The part of a request's body that names *target*: a fax, a record, or a job of the fax server."""
    match target.subject:
        case Subject.FAX:
            return {"fax_id": target.row}
        case Subject.RECORD:
            return {"record_id": target.row}
        case Subject.JOB:
            return {"job_id": target.id} | ({} if target.time is None else {"time": target.time})
