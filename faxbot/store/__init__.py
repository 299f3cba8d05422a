"""The services' ledger and store on SQLite or PostgreSQL."""
