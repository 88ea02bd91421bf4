"""Ask a provider for its list, and make a snapshot of it.

Infomaniak is a provider in code. Every other one is a description, which is data.
"""
