"""Run `catalog serve`: its slots, its reload, systemd and the heartbeat."""
