"""Serve recorded answers on the loopback, with faults."""
