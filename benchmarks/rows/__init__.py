"""One module for each row of the table."""

from benchmarks.rows import (
    arrivals,
    calls,
    commits,
    documents,
    growth,
    history,
    inbox,
    latency,
    memory,
    quiet_tick,
    reads,
    start,
    watching,
)

ROWS = (
    reads.ROW,
    commits.ROW,
    watching.ROW,
    quiet_tick.ROW,
    inbox.ROW,
    latency.ROW,
    calls.ROW,
    arrivals.ROW,
    memory.ROW,
    documents.ROW,
    start.ROW,
    history.ROW,
    growth.RECEIVED,
    growth.SENT,
)
"""In the order of the table."""
