"""What guards each promise, and which test goes red without it. `make safeguards` tries them all."""
