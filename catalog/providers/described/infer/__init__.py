"""Propose a description for an unknown list."""
