from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.scope import Scope, ScopeRule


def test_rules() -> None:
    site, host, web = Scope(ScopeRule.SITE), Scope(ScopeRule.HOST), Scope(ScopeRule.WEB)
    site.add(["example.com"])
    host.add(["www.example.com"])
    assert site.holds("blog.example.com", "example.com")
    assert host.holds("www.example.com", "example.com")
    assert not host.holds("blog.example.com", "example.com")
    assert not site.holds("other.example", "other.example")
    assert web.holds("other.example", "other.example")


@given(st.lists(st.text(max_size=20)), st.lists(st.text(max_size=20)))
def test_it_holds_exactly_what_was_added_however_much_that_is(first: list[str], later: list[str]) -> None:
    scope = Scope(ScopeRule.SITE)
    scope.add(first)
    asked_before = [scope.holds(key, key) for key in later]
    scope.add([f"filler-{number}.example" for number in range(10_001)])
    scope.add(later)
    assert all(scope.holds(key, key) for key in [*first, *later])
    assert asked_before == [key in first for key in later]
    assert not scope.holds("never.example", "never.example")
