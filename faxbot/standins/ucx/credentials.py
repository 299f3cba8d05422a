"""The credentials of the Fax API: client id and secret, the bearer token, and the license behind both."""

import secrets

from aiohttp import BasicAuth


class ApiCredentials:
    """One client and one token; the token is valid as long as the license."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.licensed = True
        self.token = secrets.token_hex(16)

    def revoke(self) -> None:
        """Invalidate the token; the Token method returns a new one."""
        self.token = secrets.token_hex(16)

    def set_licensed(self, *, licensed: bool) -> None:
        """Expire or renew the license; renewing it issues a new token."""
        if licensed and not self.licensed:
            self.revoke()
        self.licensed = licensed

    def accepts_basic(self, authorization: str | None) -> bool:
        """Whether *authorization* holds the client's Basic credentials, as the Token method requires."""
        try:
            given = BasicAuth.decode(authorization or "")
        except ValueError:
            return False
        return self.licensed and (given.login, given.password) == (self.client_id, self.client_secret)

    def accepts_bearer(self, authorization: str | None) -> bool:
        """Whether *authorization* holds the current bearer token."""
        return self.licensed and authorization == f"Bearer {self.token}"
