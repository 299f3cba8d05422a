"""The fax server as a whole: its lines, its outages, the feed of its records."""
