"""
HylaFAX's conversion of documents: what becomes of a file between FileSend and the first dial.

``type_rules.py`` decides what a file is, ``fixed_media.py`` cuts the pages of a PDF to the paper,
``typesetting.py`` typesets text, ``tiff_directory.py`` reads and judges a TIFF, ``tiff_pages.py`` draws it.

Source: HylaFAX 6.0.7 (typerules, pdf2fax, ps2fax, tiff2fax, tiffcheck), tiff2ps 4.5, Ghostscript 10.
"""
