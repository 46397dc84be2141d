"""Which URLs a crawl visits: everything that links lead to from the seeds, within the scope. Pure."""

from collections import deque
from collections.abc import Callable, Iterable


def closure(
    seeds: Iterable[str], leads_to: Callable[[str], Iterable[str]], follows: Callable[[str], bool]
) -> set[str]:
    """The seeds and all that they lead to. URLs are in identity form throughout."""
    todo = deque(seeds)
    seen = set(todo)
    while todo:
        for url in leads_to(todo.popleft()):
            if url not in seen and follows(url):
                seen.add(url)
                todo.append(url)
    return seen
