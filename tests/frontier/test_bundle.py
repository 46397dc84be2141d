"""Candidates come out of a bundle as they went in, and take little in it."""

from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.frontier.bundle import Bundle
from linkcrawl.records import Candidate, Kind, Seed

HOSTS = st.sampled_from(["a.example", "b.example", "[::1]"])
PATHS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]))


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    host = draw(HOSTS)
    return Candidate(
        url=f"http://{host}/{draw(PATHS)}",
        host=host,
        site=host,
        depth=draw(st.integers(0, 3)),
        discovered_from=draw(st.sampled_from(["", "http://a.example/"])),
        hops=draw(st.integers(0, 2)),
        kind=draw(st.sampled_from(Kind)),
        seed=draw(st.sampled_from(Seed)),
        round=draw(st.integers(0, 1)),
    )


@given(st.lists(candidates()))
def test_what_goes_in_comes_out_in_its_order(given_candidates: list[Candidate]) -> None:
    bundle = Bundle(given_candidates)
    assert list(bundle) == given_candidates == list(bundle)
    assert len(bundle) == len(given_candidates)


def test_the_candidates_of_a_page_take_some_bytes_each() -> None:
    page = "https://shop.example/garden/tools"
    found = [
        Candidate(
            f"https://shop.example/garden/spade-{n * 7919 % 1009}.html",
            "shop.example",
            "shop.example",
            2,
            page,
        )
        for n in range(80)
    ]
    assert sum(len(packed) for _, packed in Bundle(found)._alike) < 15 * len(found)
    assert not Bundle([])
