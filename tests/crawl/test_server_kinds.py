"""A crawl with a worker that is killed, on every kind of server: nothing is lost, every page is settled once."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from linkcrawl.frontier import Books, Frontier, ServerAddress
from linkcrawl.frontier.keys import Keys
from tests.crawl.process import Crawl, wait_until
from tests.servers import Authority, LocalCluster, ServerProcess, WatchedServer, redis_server, valkey_server
from tests.web import LocalWeb, expected_links, reachable
from tests.web.found import found_links, newest_visits
from tests.web.random_web import WATCHED, random_web

WEB = random_web(31, hosts=5, pages=10)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "servers.md"
NAME = "kinds"
Kind = Callable[[Path], AbstractContextManager[str]]
"""Starts what is needed, given a folder -> the address."""


@contextmanager
def cluster_without_waitaof(folder: Path) -> Iterator[str]:
    with LocalCluster(redis_server()) as cluster:
        yield cluster.url


@contextmanager
def tls_server(folder: Path, clients: str = "no") -> Iterator[tuple[ServerProcess, str]]:
    """A server that speaks TLS alone, and an address of it that trusts its authority.

    clients: whether the server asks for their certificates: "yes" or "no".
    """
    authority = Authority(folder)
    options = {"port": "0", "tls-auth-clients": clients, "tls-ca-cert-file": str(authority.ca_file)}
    server = ServerProcess(redis_server(), options, ssl=True, ssl_ca_certs=str(authority.ca_file))
    own, ours = authority.sign("server", server.host), authority.sign("client")
    server.set(
        {"tls-port": str(server.port), "tls-cert-file": str(own.certfile), "tls-key-file": str(own.keyfile)}
    )
    query = f"ssl_ca_certs={authority.ca_file}"
    if clients == "yes":
        query += f"&ssl_certfile={ours.certfile}&ssl_keyfile={ours.keyfile}"
        server.speak(ssl_certfile=str(ours.certfile), ssl_keyfile=str(ours.keyfile))
    with server:
        yield server, f"rediss://{server.at}/0?{query}"


@contextmanager
def tls(folder: Path) -> Iterator[str]:
    with tls_server(folder) as (_, url):
        yield url


@contextmanager
def tls_with_our_certificate(folder: Path) -> Iterator[str]:
    with tls_server(folder, clients="yes") as (_, url):
        yield url


@contextmanager
def password(folder: Path) -> Iterator[str]:
    with ServerProcess(valkey_server(), {"requirepass": "p@ss/w:rd"}, password="p@ss/w:rd") as server:
        yield f"redis://:p%40ss%2Fw%3Ard@{server.at}/0"


def documented_acl(name: str, *more: str) -> list[list[str]]:
    """The commands that docs/servers.md gives for a user who works on the crawl `name`: the first, and those with
    the rights that are named."""
    lines = [line.strip() for line in DOCS.read_text().splitlines() if line.startswith("    ACL SETUSER")]
    wanted = [line for line in lines if "~{NAME}" in line or any(right in line.split() for right in more)]
    assert len(wanted) == 1 + len(more)
    return [line.replace("NAME", name).replace("PASSWORD", "s3cret").split() for line in wanted]


def give_the_least(server: ServerProcess, name: str, *more: str) -> None:
    """Make the user that docs/servers.md describes."""
    with server.client() as admin:
        for command in documented_acl(name, *more):
            admin.execute_command(*command)


@contextmanager
def least_user(folder: Path) -> Iterator[str]:
    with ServerProcess(valkey_server()) as server:
        give_the_least(server, NAME, "+waitaof", "+select")
        yield f"redis://linkcrawl:s3cret@{server.at}/1"


@contextmanager
def least_user_without_waitaof(folder: Path) -> Iterator[str]:
    with ServerProcess(redis_server()) as server:
        give_the_least(server, NAME)
        yield f"redis://linkcrawl:s3cret@{server.at}"


@contextmanager
def cluster_with_the_least_user(folder: Path) -> Iterator[str]:
    with LocalCluster(valkey_server()) as cluster:
        for node in cluster.nodes:
            give_the_least(node, NAME, "+waitaof", "+cluster|slots")
        yield cluster.url.replace("://", "://linkcrawl:s3cret@")


KINDS = [
    cluster_with_the_least_user,
    pytest.param(cluster_without_waitaof, marks=pytest.mark.long),
    pytest.param(tls, marks=pytest.mark.long),
    tls_with_our_certificate,
    password,
    pytest.param(least_user, marks=pytest.mark.long),
    least_user_without_waitaof,
]


def options(web: LocalWeb, out: Path, url: str, *more: str) -> list[str]:
    seeds = [f"http://{host}/" for host in WEB]
    pace = ["--delay", "60ms", "--reclaim-after", "2s", "--commit-age", "1s", "--workers", "2"]
    to_here = ["--connect-to", web.connect_to, "--redis", url, "--name", NAME, "--partitions", "8"]
    return [*seeds, "-o", str(out), "--watch", *WATCHED, *pace, *to_here, *more]


def books_of(url: str) -> Books:
    """The books, read by a client of its own."""

    async def ask() -> Books:
        frontier = await Frontier.connect(ServerAddress.from_url(url), NAME)
        try:
            return await frontier.books()
        finally:
            await frontier.close()

    return asyncio.run(ask())


def assert_whole(out: Path, url: str, said: str, told: str) -> None:
    assert said.splitlines()[:1] == ["Finished: every URL in scope has its outcome."], told
    assert "Traceback" not in told
    assert newest_visits(out).keys() == reachable(WEB)
    assert found_links(out) == expected_links(WEB, WATCHED)
    books = books_of(url)
    assert books.balanced, books.off
    assert (books.pages, books.accepted, books.open) == (len(reachable(WEB)), len(reachable(WEB)), 0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_killed_worker_costs_nothing(tmp_path: Path, kind: Kind) -> None:
    out = tmp_path / "out"
    with kind(tmp_path) as url:
        with LocalWeb(WEB) as web, Crawl(*options(web, out, url)) as crawl:
            wait_until(lambda: len(web.hits) > 20)
            crawl.workers()[0].kill()
            code, said, told = crawl.end()
        assert code == 0, told
        assert "a worker died (signal SIGKILL)" in told
        assert_whole(out, url, said, told)


def move_the_slot_of(cluster: LocalCluster, key: str, seconds: float) -> None:
    """To another node, as an operator's tool does, with its keys on both sides for a while."""
    target = next(node for node in cluster.nodes if node is not cluster.holder_of(key))
    source = cluster.begin_move(key, target)
    cluster.move_keys(key, source, target, at_most=3)
    time.sleep(seconds)
    cluster.move_keys(key, source, target)
    cluster.end_move(key, target)


def slots_move(cluster: LocalCluster, crawl: Crawl) -> None:
    keys = Keys(NAME)
    for key in (keys.crawl, keys.partition(0), keys.partition(5)):
        move_the_slot_of(cluster, key, 0.7)


def a_master_dies(cluster: LocalCluster, crawl: Crawl) -> None:
    node = cluster.holder_of(Keys(NAME).partition(1))
    node.kill()
    time.sleep(2)
    node.start()


@pytest.mark.slow
@pytest.mark.parametrize("trouble", [slots_move, a_master_dies])
def test_a_cluster_in_trouble_costs_time_and_nothing_else(
    tmp_path: Path, trouble: Callable[[LocalCluster, Crawl], None]
) -> None:
    out = tmp_path / "out"
    with LocalCluster(valkey_server()) as cluster:
        with LocalWeb(WEB) as web, Crawl(*options(web, out, cluster.url)) as crawl:
            wait_until(lambda: len(web.hits) > 20)
            trouble(cluster, crawl)
            code, said, told = crawl.end()
        assert code == 0, told
        assert "a worker died" not in told
        assert_whole(out, cluster.url, said, told)


@pytest.mark.slow
def test_a_replica_that_is_promoted_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with WatchedServer(valkey_server()) as servers:
        for server in (servers.master, servers.replica):
            give_the_least(server, NAME, "+waitaof", "+role")
        url = servers.url.replace("://", "://linkcrawl:s3cret@")
        with LocalWeb(WEB) as web, Crawl(*options(web, out, url)) as crawl:
            wait_until(lambda: len(web.hits) > 20)
            servers.master.kill()
            code, said, told = crawl.end()
        assert code == 0, told
        assert_whole(out, url, said, told)
        with servers.replica.client() as client:
            role, *_ = client.execute_command("ROLE")
        assert role == b"master"


def run_at(url: str, tmp_path: Path) -> tuple[int, str]:
    """A crawl that cannot begin -> (exit code, what it said)."""
    with Crawl(
        "http://a.example/", "-o", str(tmp_path / "out"), "--watch", "b.example", "--redis", url
    ) as crawl:
        code, _, told = crawl.end()
    return code, told


def assert_one_sentence(code: int, told: str, *parts: str) -> None:
    assert code == 2, told
    assert len(told.strip().splitlines()) == 1, told
    for part in parts:
        assert part in told
    assert "s3cret" not in told
    assert "Traceback" not in told


def test_a_certificate_that_nobody_vouches_for_is_a_sentence(tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger")
    with tls_server(tmp_path) as (server, _):
        for query in ("", f"?ssl_ca_certs={stranger.ca_file}"):
            code, told = run_at(f"rediss://u:s3cret@{server.at}/0{query}", tmp_path)
            assert_one_sentence(code, told, "is not trusted", "ssl_ca_certs=FILE", "ssl_cert_reqs=none")
        code, told = run_at(f"rediss://u:s3cret@{server.at}/0?ssl_ca_certs={tmp_path}/none.pem", tmp_path)
        assert_one_sentence(code, told, "none.pem is not there")
        code, told = run_at(f"rediss://u:s3cret@{server.at}/0?ssl_cert_reqs=none", tmp_path)
        assert_one_sentence(code, told, "refuses this user or password")


def test_a_server_that_wants_our_certificate_says_so(tmp_path: Path) -> None:
    with tls_server(tmp_path, clients="yes") as (_server, url):
        code, told = run_at(url.partition("&")[0], tmp_path)
        assert_one_sentence(code, told, "wants a certificate", "ssl_certfile=FILE")


def test_tls_where_none_is_spoken_is_a_sentence(tmp_path: Path) -> None:
    with ServerProcess(valkey_server()) as server:
        code, told = run_at(f"rediss://{server.at}", tmp_path)
        # One that waits for the end of a line does not even refuse it.
        assert_one_sentence(code, told, "TLS at this port")


def test_a_wrong_user_or_password_is_a_sentence(tmp_path: Path) -> None:
    with least_user(tmp_path) as url:
        where = url.partition("@")[2]
        for wrong in (f"redis://linkcrawl:s3cretno@{where}", f"redis://nobody:s3cret@{where}"):
            code, told = run_at(wrong, tmp_path)
            assert_one_sentence(code, told, "refuses this user or password")


LACKING = [
    (valkey_server, "-evalsha", "'evalsha'"),
    (valkey_server, "-zadd", "'zadd'"),
    (valkey_server, "resetkeys", "access a key"),
    (redis_server, "-@hash", "'hgetall'"),
    (redis_server, "-info", "'info"),
    (redis_server, "-rpush", "can't run this command"),
]


@pytest.mark.parametrize(("binary", "lack", "named"), LACKING)
def test_a_user_that_may_not_all_is_told_what_it_lacks(
    tmp_path: Path, binary: Callable[[], Path], lack: str, named: str
) -> None:
    with ServerProcess(binary()) as server:
        give_the_least(server, "crawl")
        with server.client() as admin:
            admin.execute_command("ACL", "SETUSER", "linkcrawl", lack)
        code, told = run_at(f"redis://linkcrawl:s3cret@{server.at}/0", tmp_path)
        assert_one_sentence(code, told, "does not allow this user (linkcrawl)", named)
