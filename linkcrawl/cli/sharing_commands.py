"""The flags of the commands by which machines share one crawl: submit, worker."""

from typing import Any

from linkcrawl.cli.flags import add_command, add_crawl_address, add_settings

SUBMIT_EXAMPLES = """examples:
  linkcrawl submit --seeds seeds.txt --watch watch.txt --redis redis://frontier:6379 --name spring -o s3://bucket/out
  zcat more.gz | linkcrawl submit --seeds - --redis redis://frontier:6379 --name spring
  linkcrawl submit --seeds top.parquet --seeds-column domain --redis redis://frontier:6379 --name spring --json

An existing crawl keeps its settings; a watch list and limits that are given again change. A crawl that has ended is
opened again. Nothing is made or changed if a single seed is wrong. linkcrawl worker does the work.
"""
WORKER_EXAMPLES = """examples:
  linkcrawl worker --redis redis://frontier:6379 --name spring
  linkcrawl worker --redis redis://frontier:6379 --name spring -o /mnt/out --workers 4 --stay --metrics-port 9400

It waits until the server answers and the crawl exists, works, and ends with the crawl. SIGTERM or Ctrl-C: it ends
what is in download, writes, settles and leaves, in less than 30 s; a second one ends it at once, and its pages
are fetched again by others.
"""
WORKER_SETTINGS = ("workers", "metrics_port", "metrics_host")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def add_to(commands: Any) -> None:
    """Add them to the command line."""
    _submit(commands)
    _worker(commands)


def _submit(commands: Any) -> None:
    parser = add_command(commands, "submit", "make a crawl for workers, or add seeds to it", SUBMIT_EXAMPLES)
    parser.add_argument("seed", nargs="*", metavar="SEED", help="URL or bare domain to start from")
    parser.add_argument("--config", metavar="FILE", help="settings from a TOML file")
    parser.add_argument("--quiet", action="store_true", help="no progress, only the summary")
    parser.add_argument("--json", action="store_true", help="the summary as one line of JSON")
    add_settings(parser)


def _worker(commands: Any) -> None:
    parser = add_command(commands, "worker", "one worker of a crawl that others share", WORKER_EXAMPLES)
    add_crawl_address(parser)
    parser.add_argument(
        "-o",
        "--out",
        metavar="OUT",
        help="where the crawl's OUT is mounted here (default: where it was made)",
    )
    parser.add_argument(
        "--stay", action="store_true", help="after its end wait until the crawl is opened again, or made anew"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, only what matters")
    parser.add_argument(
        "--log-level", choices=LOG_LEVELS, default="WARNING", help="of the processes (default: WARNING)"
    )
    add_settings(parser, WORKER_SETTINGS)
