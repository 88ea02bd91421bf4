"""Show the store as pages, feeds, a calendar, metrics and an API."""
