"""The frontier: what is to be crawled, what was seen, who is working on what. The only code that speaks to
Redis.

What always holds, whatever a worker does and however it dies:

1. A URL that was ever accepted (with its round) is in exactly one place: its site's queue, the partition's
   delayed set, one worker's in-flight table, the count of the settled, or the dead letters. Only the scripts
   (scripts/*.lua) move it, each in one atomic step on one partition.
2. A site is held by at most one worker: a site that is held is not in `due`, and leases come from `due`
   alone. A worker starts a request only while `may_start()`: its last acknowledged beat is younger than half
   the reclaim time, by a clock that counts sleep. So a site is never asked twice at once, nor before its
   delay is over.
3. A visit is settled after its discovered URLs were submitted and are on disk (`barrier()`), and its rows are
   durable: the caller's part.
4. In each partition, at every moment, accepted = queued + delayed + leased + settled + dead, and leases given
   = settled + retried + returned + reclaimed + in flight. The scripts keep these counters; `books()` compares
   them with what lies in the tables.
5. No decision uses a worker's wall clock: workers send durations, scripts read the server's time.
6. Nothing is lost by a worker's death, a broken connection, or a server that restarts with its persistence.
7. A script's work is bounded by the batch it is given, never by the size of the crawl.

Why a lost or late message changes nothing:

* Each lease and each hold has a token: it only grows, never falls behind the server's clock (so a server that
  lost its last second repeats none), and is looked up in the table of the incarnation that sends it. One that
  is no longer there changes nothing, is counted as stale and answered so.
* An incarnation is one life of a worker, from join() until it leaves or is declared dead; then each partition
  refuses its calls, and what it held goes back to the queues.
* A lease request has a number. The same number again is answered with the same reply; a lower one with
  nothing, so a request that was stuck in a broken connection cannot give leases that nobody knows of:
  reconcile() raises the number.
* After any broken connection (`must_reconcile`) no lease is asked for and no request may start before
  reconcile(): leased there and unknown here is queued again, held here and unknown there is dropped. Broken
  connections are counted where they end, since redis-py connects again silently.
* A server that comes back without its last moments has forgotten holds given then, so each partition knows on
  which run of the server it lies. A worker that joins or reconciles first compares (recognise.lua): on another
  run no site is leased for half the reclaim time, and then each waits for its delay. A worker that has not
  reconciled with this run has no acknowledged beat younger than it, so it starts nothing after that half; one
  that has reconciled dropped what the server forgot, and keeps no lease that the new run gave it before that. Nobody
  waits for half the reclaim time where nobody else was alive: the restored list of incarnations tells that,
  since a worker's join is on disk before its first lease.
* A worker reclaims others only after a full reclaim time of unbroken beats of its own, so that a server that
  was away does not make everybody look dead.

Pages that kill: a dead worker's last beat says which visits gain a crash, and a URL with three is abandoned. The
worker sends the beat every few seconds; when it is killed, its supervisor sends one more for it, from the table in
which the worker notes each step of a page (work_table.py): the page that it was reading, if it was reading one, else
what it was downloading. So a page that kills at once is named too, and others are not. Where no supervisor is left
(the whole machine died), the worker's own last beat stands.

The states of a URL: unseen -submit-> queued -lease-> leased -settle-> settled; leased -retry-> delayed -its
time-> queued; leased -return, reclaim, reconcile-> queued at the head of its depth; garbage -> dead. Of a
site: idle, due at a time, held; given up, when its queue leaves by record-only leases (`Lease.record_only`),
and the same for blocked domains and for URLs that killed three workers.

Start reading at client.py (what may be asked), keys.py (what lies on the server) and scripts/ (the moves).
"""

from linkcrawl.frontier.address import ServerAddress
from linkcrawl.frontier.client import Frontier
from linkcrawl.frontier.embedded import EmbeddedServer
from linkcrawl.frontier.health import NodeFacts, SiteSeen
from linkcrawl.frontier.lookup import Place, SiteFound, UrlFound
from linkcrawl.frontier.replies import (
    Beat,
    Books,
    DeadLetter,
    Reconciled,
    Release,
    SiteSummary,
    WorkerFacts,
    WorkerSeen,
)
from linkcrawl.frontier.spec import CrawlSpec, CrawlState

__all__ = [
    "Beat",
    "Books",
    "CrawlSpec",
    "CrawlState",
    "DeadLetter",
    "EmbeddedServer",
    "Frontier",
    "NodeFacts",
    "Place",
    "Reconciled",
    "Release",
    "ServerAddress",
    "SiteFound",
    "SiteSeen",
    "SiteSummary",
    "UrlFound",
    "WorkerFacts",
    "WorkerSeen",
]
