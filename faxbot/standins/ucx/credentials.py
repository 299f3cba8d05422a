"""Who may use the Fax API: client credentials, the bearer token, and the licence that both depend on."""

import secrets

from aiohttp import BasicAuth


class ApiCredentials:
    """One client, one token; the token lives as long as the licence."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.licensed = True
        self.token = secrets.token_hex(16)

    def revoke(self) -> None:
        """The token is worth nothing from now on; the Token method gives out another."""
        self.token = secrets.token_hex(16)

    def set_licensed(self, *, licensed: bool) -> None:
        """Let the licence expire, or renew it; a renewed licence comes with a new token."""
        if licensed and not self.licensed:
            self.revoke()
        self.licensed = licensed

    def admits_client(self, authorization: str | None) -> bool:
        """Whether *authorization* is the client's Basic one, as the Token method wants it."""
        try:
            given = BasicAuth.decode(authorization or "")
        except ValueError:
            return False
        return self.licensed and (given.login, given.password) == (self.client_id, self.client_secret)

    def admits_bearer(self, authorization: str | None) -> bool:
        """Whether *authorization* carries the token in force."""
        return self.licensed and authorization == f"Bearer {self.token}"
