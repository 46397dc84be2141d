"""What an operator can act on. Everything else that is raised is a bug of ours and keeps its traceback.

LinkcrawlError              shown as one message, without a traceback; exit code 1
 +- UsageError              what was asked for is wrong: exit code 2; holds every mistake, not the first
 |   +- ConfigError         a flag, a TOML key or a LINKCRAWL_* variable
 +- FrontierUnavailable     the server does not answer now; workers wait and try again
 +- FrontierLost            the server holds no such crawl, or another one under its name; never go on
 |   +- OtherVersion        a crawl that another version of linkcrawl made: exit code 2
 +- NoServer                no Valkey or Redis can be started on this machine
 +- DatasetError            OUT can not be read or written, or holds what we did not write
"""

from collections.abc import Sequence


class LinkcrawlError(Exception):
    """Something that the operator can act on; its text says what is wrong, where, and what to do."""

    exit_code = 1


class UsageError(LinkcrawlError):
    """What was asked for is wrong. Nothing has been done.

    problems: every mistake found, one sentence each.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[str] | str) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class ConfigError(UsageError):
    """Settings (flags, TOML, environment) that are wrong, all of them at once."""


class FrontierUnavailable(LinkcrawlError):
    """The frontier's server does not answer now."""


class FrontierLost(LinkcrawlError):
    """The server answers, but the crawl is not what it was: emptied, or another one under its name."""


class OtherVersion(FrontierLost):
    """The crawl was made by a linkcrawl whose entries and scripts are not ours."""

    exit_code = 2


class NoServer(LinkcrawlError):
    """No embedded server can be started here."""


class DatasetError(LinkcrawlError):
    """A dataset can not be written or read."""
