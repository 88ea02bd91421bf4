"""Find model names in code, and compare them with the catalog."""
