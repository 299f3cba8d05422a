"""`make pages`: every sample as a viewer shows it, beside what the fax server's own converters print."""
