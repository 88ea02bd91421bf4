"""Store an AI provider's model list, show what changed, and report it to people.

Begin with `Sync.run` in sync/sync.py: it is one poll from the request to the messages. Then read
changes/change.py (what a change is), changes/judge.py with changes/rules.toml (what it means) and
store/tables.py (what is kept). Commands are in cli/, one module for each group; config/build.py
turns settings into objects. docs/architecture.md has the thirteen packages with a line each, and
says which files to touch for a new provider, change, rule, channel or command.
"""

__version__ = "0.1.0"
