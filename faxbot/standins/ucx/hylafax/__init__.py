"""HylaFAX as a discrete-event simulation: modems, a job queue, calls and records; no sockets, no sleeping."""
