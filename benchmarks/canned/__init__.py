"""
A fax server of canned replies, in a process of its own, so that its work is not counted as the bot's.

Unlike the simulated UCX it simulates no fax machines: it has the jobs and records that it is given.
"""
