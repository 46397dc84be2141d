"""Seeds from every kind of source: the same seeds, the same mistakes, never more than a batch in memory."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.intake import BATCH, Seeds, SeedSource, take_in
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.seeds import read_seeds

RULES = IdentityRules()
LINES = ["a.example", "http://b.example/x?q=1,2", "", "# nothing", "bücher.example  # theirs"]
URLS = ["https://a.example/", "http://b.example/x?q=1,2", "https://xn--bcher-kva.example/"]


def urls_of(*given_: str, path: Path | str | None = None, column: str | None = None) -> list[str]:
    seeds, wrong = take_in(SeedSource(given_, None if path is None else str(path), column), RULES)
    with seeds:
        assert not wrong
        return [seed.url for batch in seeds.batches() for seed in batch]


def mistakes(*given_: str, path: Path | None = None, column: str | None = None) -> list[str]:
    seeds, wrong = take_in(SeedSource(given_, None if path is None else str(path), column), RULES)
    seeds.close()
    return [sentence.replace(str(path), "FILE") for sentence in wrong]


def plain(path: Path) -> None:
    path.write_text("\ufeff" + "\r\n".join(LINES), "utf-8")


def packed(path: Path) -> None:
    path.write_bytes(gzip.compress("\n".join(LINES).encode()))


def table(path: Path) -> None:
    quoted = "\n".join(f'{number};"{line}"' for number, line in enumerate(LINES))
    path.write_text(f"rank;Domain\n{quoted}\n", "utf-8")


def packed_table(path: Path) -> None:
    path.write_bytes(gzip.compress(("url\tx\n" + "\n".join(f"{line}\t0" for line in LINES)).encode()))


def parquet(path: Path) -> None:
    pq.write_table(pa.table({"n": list(range(6)), "url": [*LINES, None]}), path)


def packed_parquet(path: Path) -> None:
    parquet(path)
    path.write_bytes(gzip.compress(path.read_bytes()))


KINDS: list[tuple[str, Callable[[Path], None]]] = [
    ("seeds.txt", plain),
    ("seeds.gz", packed),
    ("named.by.nobody", packed),
    ("seeds.csv", table),
    ("seeds.csv.gz", packed_table),
    ("seeds.parquet", parquet),
    ("seeds", parquet),
    ("seeds.parquet.gz", packed_parquet),
]


@pytest.mark.parametrize(("name", "write"), KINDS)
def test_every_kind_of_file_holds_the_same_seeds(
    tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path / name)
    assert urls_of(path=tmp_path / name) == URLS


@pytest.mark.parametrize(("name", "write"), KINDS)
def test_and_so_does_standard_input(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    write(tmp_path / name)
    read = (
        "from tests.test_intake import urls_of; import sys; "
        "print(urls_of(path='-', column=sys.argv[1] or None), file=sys.stderr)"
    )
    column = {"table": "Domain", "packed_table": "url"}.get(write.__name__, "")
    with subprocess.Popen(
        [sys.executable, "-c", read, column], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        _, told = process.communicate((tmp_path / name).read_bytes())
    assert told.decode().strip() == str(URLS)


def test_arguments_and_a_file_go_together(tmp_path: Path) -> None:
    plain(tmp_path / "seeds")
    assert urls_of("c.example", "a.example", path=tmp_path / "seeds") == [
        "https://c.example/",
        *URLS,
    ]


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("a.example\nb.example\n", ["https://a.example/", "https://b.example/"]),
        ("https://a.example/1,2\nb.example\n", ["https://a.example/1,2", "https://b.example/"]),
        ('"site"\n"a.example"\n', ["https://a.example/"]),
        ("rank|URL\n1|a.example\n2\n\n", ["https://a.example/"]),
    ],
)
def test_a_csv_may_have_no_header_or_one_column(tmp_path: Path, text: str, urls: list[str]) -> None:
    (tmp_path / "seeds.csv").write_text(text)
    assert urls_of(path=tmp_path / "seeds.csv") == urls


def test_a_column_may_be_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"url": ["a.example"], "home": ["b.example"]}), tmp_path / "t")
    assert urls_of(path=tmp_path / "t", column="home") == ["https://b.example/"]
    (tmp_path / "t.csv").write_text("url,home\na.example,b.example\n")
    assert urls_of(path=tmp_path / "t.csv", column="home") == ["https://b.example/"]


def write_bytes(content: bytes) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(content), None)[1]


def two_columns(path: Path) -> None:
    pq.write_table(pa.table({"a": ["x"], "b": ["y"]}), path)


def numbers(path: Path) -> None:
    pq.write_table(pa.table({"url": [1]}), path)


BAD: list[tuple[str, Callable[[Path], None], str | None, str]] = [
    ("s", write_bytes(b""), None, "--seeds FILE: holds no seed"),
    ("s", write_bytes(b"\xff\xfea"), None, "--seeds FILE: is not UTF-8 text"),
    ("s.gz", write_bytes(gzip.compress(b"a.example\n" * 999)[:-9]), None, "is a damaged .gz file"),
    ("s.parquet", write_bytes(b"a.example"), None, "is not a Parquet file"),
    ("s.parquet", write_bytes(b"PAR1 and then nothing"), None, "is not a Parquet file that can be read"),
    ("s", two_columns, None, "--seeds-column; it has 'a', 'b'"),
    ("s", two_columns, "url", "has no column 'url'; it has 'a', 'b'"),
    ("s", numbers, None, "its column 'url' holds int64, not text"),
    ("s.csv", write_bytes(b"a,b\n1,2\n"), None, "--seeds-column; it has 'a', 'b'"),
    ("s.csv", write_bytes(b"url,b\nx y,2\n"), None, "line 2: 'x y' is not a URL or domain"),
    ("s", lambda path: None, None, "--seeds FILE: can not be read: No such file or directory"),
    ("s", Path.mkdir, None, "--seeds FILE: can not be read: Is a directory"),
]


@pytest.mark.parametrize(("name", "write", "column", "said"), BAD)
def test_what_is_wrong_with_a_file_is_said_in_a_sentence(
    tmp_path: Path, name: str, write: Callable[[Path], None], column: str | None, said: str
) -> None:
    write(tmp_path / name)
    (sentence,) = mistakes(path=tmp_path / name, column=column)
    assert said in sentence


def test_no_seed_at_all_is_a_mistake() -> None:
    assert mistakes() == ["no seed: name a URL or domain to start from, or --seeds FILE"]
    assert mistakes("x y", "mailto:a@b.example") == [
        "SEED: 'x y' is not a URL or domain: it holds white space",
        "SEED: 'mailto:a@b.example' is not a URL or domain: only http and https URLs can be crawled",
    ]


def test_a_file_of_wrong_lines_is_not_shown_whole(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("a b\n" * 25)
    said = mistakes(path=tmp_path / "s")
    assert len(said) == 21
    assert said[-1] == "--seeds FILE: and 5 more lines are wrong"


def test_many_seeds_lie_in_a_file_and_are_read_as_often_as_is_asked(tmp_path: Path) -> None:
    number = 3 * BATCH + 7
    (tmp_path / "s").write_text("".join(f"site-{i % (2 * BATCH)}.example\n" for i in range(number)))
    told: list[int] = []
    seeds, wrong = take_in(SeedSource((), str(tmp_path / "s"), None), RULES, told.append)
    with seeds:
        assert (wrong, seeds.count, told) == ([], number, [BATCH, 2 * BATCH, 3 * BATCH, number])
        for _ in range(2):
            assert [len(batch) for batch in seeds.batches()] == [BATCH, BATCH, BATCH, 7]


WRITTEN = st.sampled_from(["a.example", "https://a.example/", "b.example:80", "a.example/x", "#", ""])


@given(st.lists(WRITTEN, min_size=1))
def test_a_batch_holds_what_reading_a_list_gives(lines: list[str]) -> None:
    seeds, wrong = take_in(SeedSource(lines, None, None), RULES)
    with seeds:
        expected, _ = read_seeds(lines, RULES)
        assert [seed for batch in seeds.batches() for seed in batch] == expected
        assert not wrong


@given(st.lists(st.lists(st.sampled_from(["a.example", "b.example/1", "http://c.example/"]), min_size=1)))
def test_what_is_put_in_comes_out(lists: list[list[str]]) -> None:
    with Seeds() as seeds:
        batches = [read_seeds(lines, RULES)[0] for lines in lists]
        for batch in batches:
            seeds.put(batch)
        assert list(seeds.batches()) == batches
