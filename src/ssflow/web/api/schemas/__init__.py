"""What goes out over REST, one schema a noun."""
