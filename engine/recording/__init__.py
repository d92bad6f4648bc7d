"""Recorded shows: what was painted from what, with which parameters, so that it can be again."""
