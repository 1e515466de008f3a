"""What a diagram may hold: one small file a family of rules."""
