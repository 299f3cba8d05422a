"""Retention of documents and rows, and the restore of a backup."""
