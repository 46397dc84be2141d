"""What every test may ask for. Servers and webs have their own files beside their tests."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Data that nobody here wrote: LINKCRAWL_SHARED, else beside the checkout. Skips where it is absent."""
    folder = Path(os.environ.get("LINKCRAWL_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "conformance").is_dir():
        pytest.skip(f"needs the conformance data, which is not at {folder} (set LINKCRAWL_SHARED)")
    return folder
