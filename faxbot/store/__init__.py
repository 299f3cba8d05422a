"""SQLite (later PostgreSQL) behind the services' ledger."""
