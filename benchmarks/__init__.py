"""`make bench`: how fast faxbot is, each figure beside its floor, measured in the same run."""
