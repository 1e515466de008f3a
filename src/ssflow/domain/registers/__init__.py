"""Business data that processes keep, one file an area."""
