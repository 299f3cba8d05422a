"""How envelopes come in: Socket Mode, HTTP mode, acknowledgement, deduplication."""
