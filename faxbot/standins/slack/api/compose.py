"""The content of a message: text, blocks, attachments and metadata, validated like Slack."""

import json
from typing import Any

from faxbot.standins.slack.blocks.check import check_message
from faxbot.standins.slack.blocks.fill import fill_in

from .call import CallRefusedError, WebApiCall

MAX_TEXT = 40_000
MAX_UPDATE_TEXT = 4_000
_METADATA_LIMIT = 16_000
_NO_TEXT = "This content can't be displayed."


def read_blocks(call: WebApiCall, error: str = "invalid_blocks") -> list[dict[str, Any]] | None:
    """
    The blocks argument, with ids filled in; None when absent.

    Raises:
        CallRefusedError: invalid_blocks_format when it is not a JSON list; *error* when it is not Block Kit.

    """
    blocks = call.structure("blocks", "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise CallRefusedError("invalid_blocks_format")
    problems = check_message(blocks)
    if problems:
        raise CallRefusedError(
            error,
            errors=problems,
            response_metadata={"messages": [f"[ERROR] {text}" for text in problems]},
        )
    return fill_in(blocks)


def read_metadata(call: WebApiCall) -> dict[str, Any] | None:
    """
    The metadata argument; None when absent, {} when it is to be removed.

    Raises:
        CallRefusedError: It is not an object with event_type and event_payload, or too large.

    """
    metadata = call.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise CallRefusedError("invalid_metadata_format")
    if not metadata:
        return {}
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        raise CallRefusedError("invalid_metadata_schema")
    if len(json.dumps(metadata)) > _METADATA_LIMIT:
        raise CallRefusedError("metadata_too_large")
    return {"event_type": kind, "event_payload": payload}


def read_content(call: WebApiCall, *, limit: int | None = None) -> dict[str, Any]:
    """
    The text, blocks and attachments of a message; omitted ones are left out.

    A text longer than *limit* is refused; without *limit*, a text longer than MAX_TEXT is truncated.

    Raises:
        CallRefusedError: no_text, msg_too_long, markdown_text_conflict, or what read_blocks() raises.

    """
    text, markdown = call.text("text"), call.text("markdown_text")
    blocks = read_blocks(call)
    attachments = call.structure("attachments", "invalid_attachments")
    if attachments is not None and not isinstance(attachments, list):
        raise CallRefusedError("invalid_attachments")
    if markdown:
        if text or blocks:
            raise CallRefusedError("markdown_text_conflict")
        if len(markdown) > 12_000:
            raise CallRefusedError("msg_too_long")
        blocks = fill_in([{"type": "markdown", "text": markdown}])
        text = markdown
    if not text.strip() and not blocks and not attachments:
        raise CallRefusedError("no_text")
    if limit and len(text) > limit:
        raise CallRefusedError("msg_too_long")
    content: dict[str, Any] = {"text": text[:MAX_TEXT] if text or not blocks else _NO_TEXT}
    if len(text) > MAX_TEXT:
        call.warnings.append("message_truncated")
    if blocks is not None:
        content["blocks"] = blocks
    if attachments:
        content["attachments"] = [{"id": n, **item} for n, item in enumerate(attachments, 1)]
    return content
