"""What is kept and for how long: documents, rows, and what a start restores."""
