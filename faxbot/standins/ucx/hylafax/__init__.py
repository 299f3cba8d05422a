"""HylaFAX as a discrete-event model: modems, a queue, calls and records; no sockets, no sleeping."""
