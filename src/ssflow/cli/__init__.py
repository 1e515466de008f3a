"""The commands: they build everything and decide nothing."""
