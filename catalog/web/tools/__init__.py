"""Answer the tools of `catalog mcp`."""
