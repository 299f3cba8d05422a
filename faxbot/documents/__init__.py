"""Makes fax-ready documents of shared files: detect the kind, convert, merge, count pages, hash."""
