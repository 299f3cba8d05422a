"""SQLite or PostgreSQL behind the services' ledger."""
