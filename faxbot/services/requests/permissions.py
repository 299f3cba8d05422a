"""Whether a person may change a fax, get a document, or subscribe."""

from collections.abc import Iterable

from faxbot.fax import policy
from faxbot.services.model.faxes import Fax
from faxbot.services.model.ledger import Store
from faxbot.services.model.ports import Directory
from faxbot.services.model.records import FaxRecord


class Permissions:
    """Permission checks. Admins: those in the settings, and admins and owners of the workspace."""

    def __init__(self, directory: Directory, store: Store, admins: Iterable[str]) -> None:
        self._directory, self._store, self._admins = directory, store, frozenset(admins)

    async def is_admin(self, user_id: str) -> bool:
        """Whether the person is an admin. Raises SlackFault if users.info fails."""
        return user_id in self._admins or await self._directory.is_workspace_admin(user_id)

    async def may_change_sent(self, user_id: str, fax: Fax | None, verb: str, job_id: str) -> None:
        """Raise NotAllowed unless the person sent *fax* or is an admin; *verb* is for the text."""
        sender = fax.user_id if fax else None
        if sender == user_id:
            return
        policy.may_change_sent(
            user_id,
            sender=sender,
            sender_name=await self._directory.name_of(sender) if sender else "",
            admin=await self.is_admin(user_id),
            verb=verb,
            job_id=job_id,
        )

    async def may_change_received(
        self, user_id: str, channel_id: str, row: FaxRecord | None, verb: str, job_id: str
    ) -> None:
        """Raise NotAllowed unless the fax was posted in this conversation or the person is an admin."""
        policy.may_change_received(
            received_here=await self.received_here(channel_id, row),
            admin=await self.is_admin(user_id),
            verb=verb,
            job_id=job_id,
        )

    async def received_here(self, channel_id: str, row: FaxRecord | None) -> bool:
        """Whether a received fax was posted in this conversation."""
        if row is None:
            return False
        posted = await self._store.read(lambda ledger: ledger.announcements_of(record_id=row.id))
        return any(each.channel_id == channel_id for each in posted)

    async def may_subscribe_received(self, user_id: str) -> None:
        """Raise NotAllowed unless the person is an admin."""
        policy.may_subscribe_received(admin=await self.is_admin(user_id))
