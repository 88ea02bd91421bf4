"""Keep snapshots, changes and messages in the database."""
