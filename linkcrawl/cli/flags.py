"""How a command gets its flags: the settings of a crawl, and the address of a running one."""

import argparse
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from linkcrawl import config as configuration
from linkcrawl.config import OPTIONS, CrawlConfig, flag
from linkcrawl.errors import UsageError

Command = Callable[[argparse.Namespace], int]

GROUPS = {
    "what": "what to crawl and to keep",
    "limits": "limits",
    "politeness": "politeness",
    "network": "network",
    "machine": "this machine",
}


def add_command(
    commands: Any, name: str, help_: str, examples: str, *, module: str | None = None
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help_,
        description=help_[0].upper() + help_[1:] + ".",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=lazily(module or name))
    return parser


def lazily(module: str) -> Command:
    """The command's `run`, imported when it is called: `normalize` need not wait half a second for Scrapy."""

    def command(arguments: argparse.Namespace) -> int:
        run: Command = import_module(f"linkcrawl.cli.{module}").run
        return run(arguments)

    return command


def add_settings(parser: argparse.ArgumentParser, names: Sequence[str] | None = None) -> None:
    """A flag for each setting of a crawl (or for the named ones). Values stay texts: config reads them."""
    groups = {key: parser.add_argument_group(title) for key, title in GROUPS.items()}
    for name, option in OPTIONS.items():
        if names is not None and name not in names:
            continue
        told = option.metadata
        names_ = [told["short"], flag(name)] if told["short"] else [flag(name)]
        text = told["help"] + _default(option.default, told["metavar"])
        if told["read"] is bool:
            groups[told["group"]].add_argument(
                *names_, dest=name, default=None, action=argparse.BooleanOptionalAction, help=text
            )
        elif isinstance(option.default, tuple):
            many = "+" if name == "watch" else None
            groups[told["group"]].add_argument(
                *names_,
                dest=name,
                default=None,
                action="extend" if many else "append",
                nargs=many,
                metavar=told["metavar"],
                help=text,
            )
        else:
            groups[told["group"]].add_argument(*names_, dest=name, metavar=told["metavar"], help=text)


def _default(value: object, metavar: str) -> str:
    if value is None or value == () or isinstance(value, bool):
        return ""
    if metavar in {"T", "S"} and isinstance(value, int):
        return f" (default: {value / 1000:g} s)"
    if metavar == "SIZE" and isinstance(value, int):
        return f" (default: {value / 1024**2:g} MiB)"
    return f" (default: {value})"


def add_crawl_address(parser: argparse.ArgumentParser) -> None:
    """`--redis URL --name NAME --config FILE`: which running crawl is meant."""
    parser.add_argument("--config", metavar="FILE", help="settings from a TOML file")
    parser.add_argument("--redis", metavar="URL", help="server of the frontier: redis://host:6379/0")
    parser.add_argument("--name", metavar="NAME", help="name of the crawl (default: crawl)")


def settings_of(arguments: argparse.Namespace) -> tuple[CrawlConfig, list[str]]:
    """Flags, environment and file, the first winning -> (settings, mistakes). Settings without a flag here keep
    what the others say."""
    flags = {name: getattr(arguments, name, None) for name in OPTIONS}
    environment, mistakes = configuration.read_environment(os.environ)
    file: dict[str, Any] = {}
    path = getattr(arguments, "config", None) or os.environ.get("LINKCRAWL_CONFIG")
    if path:
        file, wrong = configuration.read_toml(Path(path))
        mistakes += wrong
    config, wrong = configuration.parse([flags, environment, file])
    return config, mistakes + wrong


def crawl_address(arguments: argparse.Namespace) -> CrawlConfig:
    """The settings of a command that steers a running crawl; `redis` is given. Raises UsageError."""
    config, mistakes = settings_of(arguments)
    if not config.redis:
        mistakes.append("--redis: missing: where the crawl's frontier is, like redis://host:6379/0")
    if mistakes:
        raise UsageError(mistakes)
    return config
