"""Read-only answers: lines, status, active, history, subscriptions."""
