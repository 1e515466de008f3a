"""HTML, one blueprint a noun."""
