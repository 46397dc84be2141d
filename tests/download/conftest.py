import asyncio
from typing import Any

import pytest
import uvloop

from tests.download.servers import Run


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run[Any]:
    """Runs a coroutine on one event loop, then on the other: workers use uvloop, where it is to be had."""
    return {"asyncio": asyncio.run, "uvloop": uvloop.run}[request.param]
