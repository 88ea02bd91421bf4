"""Read a list of models by a description, which is data."""
