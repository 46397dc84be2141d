"""The flags of the commands that see and steer a running crawl."""

from typing import Any


def add_to(commands: Any) -> None:
    """Add them to the command line."""
