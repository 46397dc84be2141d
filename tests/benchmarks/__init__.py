"""linkcrawl beside its peers on one local web: CPU a page, memory, cost to the Redis server.

`python -m tests.benchmarks.peers --help`. `pages` makes the web, `nginx` serves it, `contenders` says how
each crawler is started and where it leaves what it found, `measure` counts what a process costs.
"""
