"""Speech to text: engines, the worker processes that hold them, and their models."""
