"""Programs that print the figures of the budgets, measured on this machine in one run."""
