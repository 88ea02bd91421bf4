"""Share functions between the commands and `import catalog`."""
