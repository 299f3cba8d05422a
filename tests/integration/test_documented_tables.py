"""docs/operations.md shows the database as it is."""

import re
from pathlib import Path

from sqlalchemy import Engine, inspect
from sqlmodel import Session, text

from faxbot.services.model.faxes import Fax, FaxState
from faxbot.services.model.ledger import Touched
from faxbot.services.model.submissions import Submission
from faxbot.store.queries import SqlLedger
from tests.support.services import database_in
from tests.support.spooled import add_document

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## The database\n")[1].split("\n## ")[0]


def test_every_table_is_documented(tmp_path: Path):
    """No more and no fewer than the newest schema has."""
    tables = set(inspect(database_in(tmp_path)).get_table_names()) - {"alembic_version"}
    assert set(re.findall(r"^\| `(\w+)` \|", SECTION, re.MULTILINE)) == tables


def test_the_query_shows_todays_faxes(tmp_path: Path):
    """As it stands on the page: today's fax with its document and its submission."""
    (query,) = re.findall(r"```sql\n(.*?);\n```", SECTION, re.DOTALL)
    engine: Engine = database_in(tmp_path)
    with Session(engine) as session:
        now = session.execute(text("SELECT CAST(strftime('%s', 'now') AS FLOAT)")).scalar_one()
        ledger = SqlLedger(session, Touched())
        fax = ledger.add_fax(
            Fax(
                state=FaxState.SUBMITTING,
                number="+1 469-555-0101",
                document_id=add_document(ledger),
                created_at=now,
            )
        )
        ledger.add_submission(Submission(fax_id=fax.id, intent_at=now))
        ledger.add_fax(Fax(number="+1 469-555-0102", created_at=now - 2 * 86_400))
        session.commit()
        found = session.execute(text(query)).all()
    assert [tuple(row)[:6] for row in found] == [(None, "+1 469-555-0101", "fax.pdf", 2, "submitting", None)]
