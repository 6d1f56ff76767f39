"""What a transmission means, read by rules that explain themselves."""

from dispatch.reading.reader import read

__all__ = ["read"]
