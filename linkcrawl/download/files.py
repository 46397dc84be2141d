"""How many files this process may have open."""

_ENOUGH = 65536


def raise_file_limit() -> int | None:
    """Raise the soft limit on open files towards the hard one, never down. Gives the limit, None if unknown.

    Each idle keep-alive connection is a file: 250 new hosts a second at 15 s each are 3,750 of them, and many
    systems begin at 1,024.
    """
    try:
        import resource
    except ImportError:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(_ENOUGH, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError):
        return soft
    return wanted
