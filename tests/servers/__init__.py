"""Real servers of every kind that the frontier runs on, each on a loopback address of its own.

`process` starts one server and can kill, freeze and start it again; `certificates` makes what TLS needs;
`cluster` joins three masters; `sentinel` has a master, a replica and a sentinel. All of them end with their
`with` block, also when the test fails, and leave nothing behind.
"""

from tests.servers.certificates import Authority, Certificate
from tests.servers.cluster import LocalCluster
from tests.servers.process import ServerProcess, redis_server, valkey_server
from tests.servers.sentinel import WatchedServer

__all__ = [
    "Authority",
    "Certificate",
    "LocalCluster",
    "ServerProcess",
    "WatchedServer",
    "redis_server",
    "valkey_server",
]
