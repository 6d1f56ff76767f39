"""What a transmission means, read by rules that explain themselves."""

from dispatch.reading.named import with_names
from dispatch.reading.reader import read

__all__ = ["read", "with_names"]
