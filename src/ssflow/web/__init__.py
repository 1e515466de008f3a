"""Pages and REST: what people and programs meet."""
