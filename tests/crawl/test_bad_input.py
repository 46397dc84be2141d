"""What a user can get wrong: one message that names all of it, exit code 2, nothing done."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("linkcrawl"))


def said(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [PROGRAM, *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_every_mistake_is_in_one_message_and_nothing_is_made(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("good.example\nnot a url\nftp://x.example/\n")
    watch = tmp_path / "watch.txt"
    watch.write_text("# nothing\n")
    config = tmp_path / "crawl.toml"
    config.write_text("max_pagse = 3\nscope = 'world'\n")
    (tmp_path / "file").write_text("")
    out = str(tmp_path / "file" / "out")
    code, _, told = said(
        "crawl",
        "--seeds",
        str(seeds),
        "--watch",
        str(watch),
        "-o",
        out,
        "--config",
        str(config),
        "--delay",
        "soon",
    )
    assert code == 2
    for expected in ("max_pagse", "--scope", "--delay", "line 2", "line 3", "holds no pattern", "-o: "):
        assert expected in told, expected
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "crawl.toml",
        "file",
        "seeds.txt",
        "watch.txt",
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--watch", "a.example", "-o", "OUT"], "no seed"),
        (["a.example", "-o", "OUT"], "--watch: missing"),
        (["a.example", "--watch", "a.example"], "-o: missing"),
        (["a.example", "--watch", "co.uk", "-o", "OUT"], "co.uk"),
        (["a.example", "--watch", "a.example", "-o", "OUT", "--redis", "http://x"], "--redis"),
        (["a.example", "--watch", "a.example", "-o", "OUT", "--connect-to", "x"], "HOST:PORT:ADDR:PORT"),
        (["a.example", "--watch", "a.example", "-o", "OUT", "--header", "nonsense"], "nonsense"),
        (["a.example", "--watch", "a.example", "-o", "OUT", "--include", "re:("], "include"),
    ],
)
def test_a_single_mistake_is_a_single_line(tmp_path: Path, arguments: list[str], expected: str) -> None:
    out = tmp_path / "out"
    code, _, told = said("crawl", *[str(out) if word == "OUT" else word for word in arguments])
    assert code == 2
    assert expected in told
    assert told.startswith("linkcrawl: ")
    assert len(told.splitlines()) == 1
    assert not out.exists()


def test_a_redis_that_is_not_there(tmp_path: Path) -> None:
    socket = tmp_path / "nobody"
    code, _, told = said(
        "crawl",
        "a.example",
        "--watch",
        "b.example",
        "-o",
        str(tmp_path / "out"),
        "--redis",
        f"unix://{socket}",
    )
    assert code == 2
    assert str(socket) in told
    assert not (tmp_path / "out" / "crawls").exists()


def test_two_crawls_on_one_state_are_refused(tmp_path: Path) -> None:
    from linkcrawl.frontier.embedded import EmbeddedServer

    with EmbeddedServer(tmp_path / "state"):
        code, _, told = said(
            *("crawl", "a.example", "--watch", "b.example", "-o", str(tmp_path / "out")),
            *("--state", str(tmp_path / "state")),
        )
    assert code == 2
    assert str(tmp_path / "state") in told


def test_links_of_nothing(tmp_path: Path) -> None:
    assert said("links", "a.example", str(tmp_path / "none"))[0] != 0
    assert said("links", "co.uk", str(tmp_path))[0] == 2


def test_normalize_robots_and_inspect(tmp_path: Path) -> None:
    code, out, _ = said("normalize", stdin="HTTP://Example.COM:80/?utm_source=x\nnonsense\n")
    assert code == 0
    assert '"normalized":"http://example.com/"' in out.splitlines()[0]
    assert '"error":"' in out.splitlines()[1]
    file = tmp_path / "robots.txt"
    file.write_text("User-agent: *\nDisallow: /private/\n")
    code, out, _ = said("robots", str(file), "--agent", "linkcrawl", "https://a.example/private/x", "/")
    assert out == "disallow\thttps://a.example/private/x\tdisallow: /private/\nallow\t/\tno rule matches\n"
    page = tmp_path / "page.html"
    page.write_text('<base href="/b/"><a href="x" rel="Nofollow,ugc">hi</a>')
    code, out, _ = said("inspect", str(page), "--base-url", "https://a.example/")
    assert code == 0
    assert '"target_url":"https://a.example/b/x"' in out
    assert '"rel":["nofollow","ugc"]' in out
    assert said("inspect", str(tmp_path / "none"))[0] == 2


@pytest.mark.parametrize("command", ["crawl", "demo", "links", "inspect", "normalize", "robots"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    code, out, _ = said(command, "--help")
    assert code == 0
    assert f"linkcrawl {command}" in out.partition("example")[2]
