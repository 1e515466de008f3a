"""REST under /api/v1, one blueprint a noun."""
