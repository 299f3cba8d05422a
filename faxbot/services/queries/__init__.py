"""Read-only queries: lines, status, active, history, subscriptions."""
