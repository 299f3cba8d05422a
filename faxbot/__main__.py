"""`python -m faxbot`."""

from faxbot.cli import app

app(prog_name="faxbot")
