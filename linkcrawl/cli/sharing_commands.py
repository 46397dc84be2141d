"""The flags of the commands by which machines share one crawl: submit, worker."""

from typing import Any


def add_to(commands: Any) -> None:
    """Add them to the command line."""
