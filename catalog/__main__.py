"""Run the command by `python -m catalog`."""

from catalog.cli.main import main

if __name__ == "__main__":
    main()
