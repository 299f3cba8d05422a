"""Bytes to a fax-ready document: sniff, convert, merge, count pages, hash."""
