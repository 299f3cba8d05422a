"""Fax jobs, from acceptance to their end."""
