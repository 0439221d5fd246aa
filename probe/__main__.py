"""`python -m probe` is `probe`, and where it begins: so light that Ctrl-C right after Enter ends it without a word."""

import sys


def main() -> None:
    """Import the command line and run it."""
    try:
        from probe.cli.app import main as command_line
    except KeyboardInterrupt:
        sys.exit(130)  # Exit.INTERRUPTED, which is not imported yet
    command_line()


if __name__ == "__main__":
    main()
