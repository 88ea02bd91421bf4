"""Read what each page shows: one module for each page, a frozen value and its JSON."""
