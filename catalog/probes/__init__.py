"""Call models within a budget, and decide what their answers mean."""
