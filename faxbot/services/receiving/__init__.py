"""Received faxes, from record to announcement."""
