"""Find the changes between two snapshots, and judge them. This package is pure."""
