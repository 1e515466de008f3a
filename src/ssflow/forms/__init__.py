"""Forms: what they may ask, how answers are checked and what a page shows; no database, no web."""
