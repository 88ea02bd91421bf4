"""Read the settings, and build the objects that they describe."""
