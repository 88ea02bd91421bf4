"""Read the content of each page as a frozen value."""
