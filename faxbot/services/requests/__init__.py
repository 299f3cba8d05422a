"""Requests: permissions, the fax or record they name, and their execution."""
