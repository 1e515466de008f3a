"""The engine floor: all that knows SpiffWorkflow; no database, no people."""
