"""
The identity of a PostgreSQL database, by which a restored backup is detected.

It changes when a dump is restored into another database, over the old tables, or into truncated ones, and
when a server is promoted or recovered to a point in time. A restored file system snapshot keeps it.
"""

from sqlalchemy import Connection, text

_DATABASE = """
    SELECT d.oid::bigint, c.oid::bigint, c.relfilenode::bigint,
        has_function_privilege('pg_control_system()', 'EXECUTE')
            AND has_function_privilege('pg_control_checkpoint()', 'EXECUTE')
    FROM pg_database d, pg_class c
    WHERE d.datname = current_database() AND c.oid = to_regclass('faxes')
"""
_SERVER = """
    SELECT system_identifier::text, timeline_id FROM pg_control_system(), pg_control_checkpoint()
"""


def database_identity(connection: Connection) -> list[str | int] | None:
    """
    Ids of the database, the table `faxes`, its file, the cluster and its timeline; None on SQLite.

    The cluster and timeline are left out if the role may not read them.

    Source: pg_control_system(), pg_control_checkpoint(), pg_class.relfilenode.
    """
    if connection.dialect.name != "postgresql":
        return None
    *identity, may_read_server = connection.execute(text(_DATABASE)).one()
    if may_read_server:
        identity += connection.execute(text(_SERVER)).one()
    return identity
