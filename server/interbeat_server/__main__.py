"""`python -m interbeat_server` is `interbeat`, and so is the installed command."""

import sys


def main() -> int:
    """Read the modules and run one verb; Ctrl-C is quiet also before the first of them is read."""
    try:
        from .cli import main as run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
