from pathlib import Path

import pytest

from linkcrawl.config import OPTIONS, CrawlConfig, checked, flag, parse, read_environment, read_toml, variable
from linkcrawl.errors import ConfigError
from linkcrawl.run import pack_config, unpack_config


def test_every_default_is_valid_and_every_setting_is_explained() -> None:
    config, wrong = parse([])
    assert wrong == []
    assert config == CrawlConfig()
    assert all(len(option.metadata["help"]) > 5 for option in OPTIONS.values())


def test_the_first_layer_wins() -> None:
    config = checked([{"max_pages": "5"}, {"max_pages": "7", "name": "spring"}])
    assert (config.max_pages, config.name) == (5, "spring")


def test_every_mistake_is_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        checked(
            [
                {
                    "max_pages": "-3",
                    "scope": "world",
                    "timeout": "1h",
                    "name": "a/b",
                    "allow_private": "perhaps",
                }
            ]
        )
    said = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 5
    for name in ("--max-pages", "--scope", "--timeout", "--name", "--allow-private"):
        assert name in said


def test_toml_and_environment_know_the_same_names(tmp_path: Path) -> None:
    path = tmp_path / "crawl.toml"
    path.write_text(
        'max-pages = 1000\nwatch = ["a.example", "b.example"]\nallow_private = true\nmax_pagse = 1\n'
    )
    values, wrong = read_toml(path)
    assert [message.split(": ")[1] for message in wrong] == ["max_pagse"]
    config = checked([values])
    assert (config.max_pages, config.watch, config.allow_private) == (1000, ("a.example", "b.example"), True)

    values, wrong = read_environment(
        {
            "LINKCRAWL_MAX_PAGES": "9",
            "LINKCRAWL_WATCH": "a.example b.example",
            "LINKCRAWL_MAXPAGES": "1",
            "PATH": "x",
        }
    )
    assert wrong == ["LINKCRAWL_MAXPAGES: no such setting (linkcrawl crawl --help lists them)"]
    assert checked([values]).watch == ("a.example", "b.example")


@pytest.mark.parametrize("content", [b"max_pages =", b"\xff\xfe", b"[table]\nx = 1"])
def test_a_bad_file_is_a_mistake_not_a_failure(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "crawl.toml"
    path.write_bytes(content)
    assert len(read_toml(path)[1]) == 1


def test_names_of_one_setting() -> None:
    assert (flag("max_pages"), variable("max_pages")) == ("--max-pages", "LINKCRAWL_MAX_PAGES")


def test_a_crawl_keeps_its_settings_and_a_newer_one_is_read_as_far_as_it_is_known() -> None:
    config = checked([{"max_depth": "3", "include": ["a.example/*"]}])
    assert unpack_config(pack_config(config)) == config
    newer = pack_config(config).replace(b'"max_depth"', b'"of_the_future":1,"max_depth"')
    assert unpack_config(newer) == config
