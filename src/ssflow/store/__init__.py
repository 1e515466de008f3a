"""Queries and transactions: plain functions that take a session, one file a noun."""
