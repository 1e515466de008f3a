"""Carriers of due jobs."""
