"""The object store of OUT refuses in mid-crawl: said once, nothing more is leased, nothing unwritten is settled."""

from contextlib import suppress
from pathlib import Path

import fsspec
import pytest

from tests.crawl.process import Crawl, wait_until
from tests.crawl.store import ObjectStore
from tests.web import LocalWeb, expected_links, reachable
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web

pytest.importorskip("s3fs")
pytest.importorskip("moto")
pytestmark = pytest.mark.slow

WEB = random_web(83, hosts=5, pages=14)


def downloaded(store: ObjectStore, into: Path) -> Path:
    """What OUT holds, as a folder."""
    there = fsspec.filesystem(
        "s3",
        key="test",
        secret="test",
        endpoint_url=store.environment["AWS_ENDPOINT_URL"],
        skip_instance_cache=True,
    )
    for name in there.find("bucket/out"):
        target = into / name.removeprefix("bucket/out/")
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # a probe that is gone by now
            target.write_bytes(there.cat_file(name))
    return into


@pytest.mark.parametrize("status", [503, 403])
def test_a_store_that_refuses_is_said_and_waited_for(tmp_path: Path, status: int) -> None:
    with LocalWeb(WEB) as web, ObjectStore() as store:
        fsspec.filesystem(
            "s3", key="test", secret="test", endpoint_url=store.environment["AWS_ENDPOINT_URL"]
        ).mkdir("bucket")
        seeds = [f"http://{host}/" for host in WEB]
        pace = ["--delay", "400ms", "--reclaim-after", "5s", "--commit-age", "1s"]
        options = [*pace, "--connect-to", web.connect_to, "--state", str(tmp_path / "state")]
        with Crawl(
            *seeds, "-o", "s3://bucket/out", "--watch", *WATCHED, *options, environment=store.environment
        ) as crawl:
            wait_until(lambda: newest_visits(downloaded(store, tmp_path / "early")))
            store.refuse(status)
            fetched = len(web.hits)
            wait_until(lambda: "no more is leased" in crawl.told())
            said = [line for line in crawl.told().splitlines() if "no more is leased" in line]
            assert len(said) == 1
            assert "s3://bucket/out" in said[0], "which place refuses"
            wait_until(lambda: store.refused > 3)
            store.refuse(None)
            wait_until(lambda: "can be written again" in crawl.told())
            code, summary, told = crawl.end()
        assert fetched < len(web.hits), "the crawl was not over when the store refused"
        assert (code, summary.splitlines()[:1]) == (0, ["Finished: every URL in scope has its outcome."]), (
            told
        )
        assert "do not balance" not in summary
        out = downloaded(store, tmp_path / "late")
    assert newest_visits(out).keys() == reachable(WEB)
    assert found_links(out) == expected_links(WEB, WATCHED)
