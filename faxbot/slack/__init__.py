"""Slack: envelopes in, Web API calls out, command grammar, listeners and views."""
