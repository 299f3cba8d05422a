"""What is persisted, the ports that the services use, and the vocabulary of their messages."""
