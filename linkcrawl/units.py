"""Numbers as people write them: durations and sizes with a unit. Pure; ValueError says what is wrong."""

import re

_DURATION_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SIZE_BYTES = {"": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1000**2, "mb": 1000**2, "g": 1000**3, "gb": 1000**3}
_SIZE_BYTES |= {"kib": 1024, "mib": 1024**2, "gib": 1024**3}
_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)", re.ASCII)


def duration_ms(text: str) -> int:
    """Milliseconds of `90`, `1.5`, `500ms`, `30s`, `10m`, `2h`, `7d`; a bare number counts seconds."""
    found = _NUMBER.fullmatch(text.strip())
    unit = (found[2].lower() or "s") if found else ""
    if not found or unit not in _DURATION_MS:
        raise ValueError(
            f"not a duration: {text!r} (a number of seconds, or one with ms, s, m, h or d: 30s, 2h)"
        )
    return round(float(found[1]) * _DURATION_MS[unit])


def size_bytes(text: str) -> int:
    """Bytes of `8388608`, `500kB`, `8MiB`, `1GB`."""
    found = _NUMBER.fullmatch(text.strip())
    unit = found[2].lower() if found else "?"
    if not found or unit not in _SIZE_BYTES:
        raise ValueError(
            f"not a size: {text!r} (a number of bytes, or one with kB, KiB, MB, MiB, GB, GiB: 8MiB)"
        )
    return round(float(found[1]) * _SIZE_BYTES[unit])


def count(text: str) -> int:
    """A whole number of 0 or more; `_` may group its digits."""
    if not re.fullmatch(r"[0-9][0-9_]*", text.strip(), re.ASCII):
        raise ValueError(f"must be a whole number of 0 or more, not {text!r}")
    return int(text)


def positive(text: str) -> int:
    """A whole number above 0."""
    value = count(text)
    if value == 0:
        raise ValueError("must be above 0")
    return value


def spoken_duration(ms: float) -> str:
    """`850 ms`, `12.3 s`, `4 min 05 s`, `2 h 07 min`."""
    seconds = ms / 1000
    if seconds < 1:
        return f"{ms:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"


def times(number: int, what: str) -> str:
    """`1 worker`, `2,000 workers`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
