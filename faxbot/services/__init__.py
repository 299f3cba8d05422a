"""The use cases, written against the Protocols in ports.py and ledger.py."""
