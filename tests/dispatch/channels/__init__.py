"""Channels against real far sides."""
