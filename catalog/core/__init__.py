"""Define values, errors and tools that every other package may use."""
