"""The nouns of ssflow and their rules: typed mapping, no session and no query."""
