"""Outgoing faxes: request, document, submission, lost answer, cancellation."""
