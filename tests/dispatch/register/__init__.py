"""Lists read from CSV."""
