"""Share the work of many providers among many workers."""
