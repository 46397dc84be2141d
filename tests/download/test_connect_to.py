import pytest

from linkcrawl.download import parse_connect_to
from linkcrawl.download.connect_to import Target
from linkcrawl.errors import UsageError


@pytest.mark.parametrize(
    ("text", "host", "port", "target"),
    [
        ("a.test:80:127.0.0.1:8080", "a.test", 80, Target("127.0.0.1", 8080, named=True)),
        ("a.test:80:127.0.0.1:8080", "a.test", 81, None),
        ("a.test:80:127.0.0.1:8080", "b.test", 80, None),
        ("A.Test.:80:127.0.0.1:8080", "a.test", 80, Target("127.0.0.1", 8080, named=True)),
        ("::127.0.0.1:8080", "any.test", 443, Target("127.0.0.1", 8080, named=True)),
        (":80:127.0.0.1:8080", "any.test", 443, None),
        ("a.test::127.0.0.1:8080", "a.test", 443, Target("127.0.0.1", 8080, named=True)),
        ("a.test:::8080", "a.test", 443, Target("a.test", 8080, named=False)),
        ("a.test::b.test:", "a.test", 443, Target("b.test", 443, named=True)),
        ("[::1]:80:[::2]:81", "::1", 80, Target("::2", 81, named=True)),
        ("[0:0::1]:80:[0::0:2]:81", "::1", 80, Target("::2", 81, named=True)),
        ("10.0.0.1:80:[::2]:81", "10.0.0.1", 80, Target("::2", 81, named=True)),
        ("ä.test::127.0.0.1:", "xn--4ca.test", 80, Target("127.0.0.1", 80, named=True)),
        (":::", "a.test", 80, Target("a.test", 80, named=False)),
    ],
)
def test_target(text: str, host: str, port: int, target: Target | None) -> None:
    assert parse_connect_to([text]).target(host, port) == target


def test_the_first_that_fits_counts() -> None:
    mapping = parse_connect_to(["a.test::127.0.0.1:1", "::127.0.0.1:2", "b.test::127.0.0.1:3"])
    assert [mapping.target(host, 80) for host in ("a.test", "b.test")] == [
        Target("127.0.0.1", 1, named=True),
        Target("127.0.0.1", 2, named=True),
    ]
    assert mapping.named() == (("127.0.0.1", 1), ("127.0.0.1", 2), ("127.0.0.1", 3))
    assert parse_connect_to([]).target("a.test", 80) is None
    assert parse_connect_to(["a.test::b.test:"]).named() == ()


def test_every_mistake_is_named() -> None:
    bad = [
        "a.test",
        "a.test:80:127.0.0.1",
        "a.test:80:127.0.0.1:0",
        "a.test:99999:127.0.0.1:80",
        "a.test:80:::1:80",
        "[zz]:80:127.0.0.1:80",
        "a b:80:127.0.0.1:80",
        "http://a.test:80:127.0.0.1:80",
        "a.test:eighty:127.0.0.1:80",
    ]
    with pytest.raises(UsageError) as caught:
        parse_connect_to([bad[0], "::127.0.0.1:80", *bad[1:]])
    assert len(caught.value.problems) == len(bad)
    for text, problem in zip(bad, caught.value.problems, strict=True):
        assert problem.startswith(f"--connect-to {text!r}: ")
