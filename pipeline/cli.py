"""The command line: thin commands over plain functions."""


def main() -> None:
    """Entry point of the `earmark` command."""
