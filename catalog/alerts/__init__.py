"""Send findings to channels: when, how much, and in which words."""
