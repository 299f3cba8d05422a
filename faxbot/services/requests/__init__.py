"""What people request: who may, on which fax, and its execution."""
