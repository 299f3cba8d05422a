"""
A fax server of canned replies, in a process of its own, so that its work is not counted as the bot's.

Unlike the simulated UCX it plays no fax machine: it has as many jobs and records as it is told to have.
"""
