"""Knows what an AI provider's model catalog says, what changed, and whether it is true."""

__version__ = "0.1.0"
