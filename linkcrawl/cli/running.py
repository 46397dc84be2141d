"""`linkcrawl pause`, `resume` and `stop`: each says what is true now."""

import argparse
import sys

from linkcrawl.cli.steering import steer
from linkcrawl.frontier import Frontier
from linkcrawl.records import EndState
from linkcrawl.steer import running
from linkcrawl.steer.running import Standing
from linkcrawl.units import spoken_duration, times


def run(arguments: argparse.Namespace) -> int:
    """Do it, and say what is true now."""
    if arguments.verb == "pause":
        print(_paused(steer(arguments, running.pause)))
    elif arguments.verb == "resume":
        print(_resumed(steer(arguments, running.resume)))
    else:
        _stop(arguments)
    return 0


def _paused(now: Standing) -> str:
    if now.state.end_state is not None:
        return f"the crawl has ended already ({now.state.end_state}); it stays paused if it is opened again"
    return (
        f"paused: {times(now.workers, 'worker')} hold{'s' if now.workers == 1 else ''} "
        f"{times(now.books.leased, 'URL')} and take no more; {_waiting(now)}"
    )


def _resumed(now: Standing) -> str:
    end = now.state.end_state
    if end is EndState.FINISHED:
        return "the crawl has finished: nothing is left to go on with"
    if end is not None:
        return (
            f"not paused, but the crawl has ended ({end}): submit or crawl with a higher limit opens it again"
        )
    if not now.workers:
        return (
            f"the crawl is open, and no worker is there: start some with `linkcrawl worker`; {_waiting(now)}"
        )
    return f"running: {times(now.workers, 'worker')}; {_waiting(now)}"


def _waiting(now: Standing) -> str:
    return f"{now.books.queued:,} queued, {now.books.delayed:,} delayed"


def _stop(arguments: argparse.Namespace) -> None:
    now = steer(arguments, running.stop)
    end = now.state.end_state
    if end is not EndState.STOPPED:
        print(f"the crawl has ended already: {end}")
    else:
        end_it = "ends what it holds" if now.workers == 1 else "end what they hold"
        print(
            f"stopped: {times(now.workers, 'worker')} {end_it} "
            f"({times(now.books.leased, 'URL')}); {_waiting(now)} for later"
        )
    if arguments.wait:
        _wait(arguments)


def _wait(arguments: argparse.Namespace) -> None:
    last: list[tuple[int, int]] = []

    def told(now: Standing) -> None:
        numbers = (now.workers, now.books.leased)
        if last != [numbers]:
            last[:] = [numbers]
            said = f"waiting for {times(numbers[0], 'worker')}, {times(numbers[1], 'URL')} leased"
            print(said, file=sys.stderr, flush=True)

    async def wait(frontier: Frontier) -> Standing:
        return await running.wait_until_left(frontier, told)

    print(_totals(steer(arguments, wait)))


def _totals(now: Standing) -> str:
    books, state = now.books, now.state
    took = ""
    if state.ended_us is not None:
        took = f" in {spoken_duration((state.ended_us - state.started_us) / 1000)}"
    lines = [
        f"No worker is left. {times(books.pages, 'page')}{took}, {times(books.links, 'link')}; {_waiting(now)}."
    ]
    lines += [f"{number:>12,} {outcome}" for outcome, number in sorted(books.settled.items())]
    if books.leased:
        lines.append(
            f"{times(books.leased, 'URL')} of workers that died: queued again as soon as the crawl goes on."
        )
    if not books.balanced:
        lines.append(f"The books do not balance, which is a bug of linkcrawl: {'; '.join(books.off)}")
    return "\n".join(lines)
