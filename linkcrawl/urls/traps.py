"""Crawler traps that a URL shows by itself: links that grow without end.

Calendars and searches do not show; for them there are budgets. The limits are far above what real sites do.
"""

MAX_SEGMENTS = 40
MAX_PARAMETERS = 60
_RUN_REPEATS = 3
"""A run of two segments or more, this often in a row, is a loop of relative links."""
_SEGMENT_REPEATS = 5
"""One segment, this often in a row. (Numbers and dates repeat more: /0/0/0/.)"""
_SEGMENT_ANYWHERE = 8
"""One segment, this often anywhere in the path."""
_PARAMETER_REPEATS = 4
"""The same parameter with the same value, this often."""


def trap(url: str) -> bool:
    """Whether an identity URL is surely one of endlessly many: its path repeats, its path or query
    explodes."""
    slashes = url.count("/")
    if slashes < 7 and "&" not in url:
        return False
    before, _, query = url.partition("?")
    if slashes >= 7 and _path_loops(before.split("/")[3:]):
        return True
    return "&" in query and _query_explodes(query.split("&"))


def _query_explodes(parameters: list[str]) -> bool:
    if len(parameters) > MAX_PARAMETERS:
        return True
    if len(parameters) < _PARAMETER_REPEATS or len(set(parameters)) == len(parameters):
        return False
    return any(
        parameter and parameters.count(parameter) >= _PARAMETER_REPEATS for parameter in set(parameters)
    )


def _path_loops(segments: list[str]) -> bool:
    if len(segments) > MAX_SEGMENTS:
        return True
    different = set(segments)
    if len(different) == len(segments):
        return False
    if any(segments.count(segment) >= _SEGMENT_ANYWHERE for segment in different):
        return True
    if _repeats(segments, 1, _SEGMENT_REPEATS):
        return True
    return any(_repeats(segments, size, _RUN_REPEATS) for size in range(2, len(segments) // _RUN_REPEATS + 1))


def _repeats(segments: list[str], size: int, times: int) -> bool:
    """Whether some run of that many segments comes that often in a row."""
    same = 0
    for at in range(size, len(segments)):
        same = same + 1 if segments[at] == segments[at - size] else 0
        if same >= size * (times - 1):
            return True
    return False
