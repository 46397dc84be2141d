"""Google's own parser's verdicts on the robots.txt files of popular sites."""

import base64
import gzip
import json
from pathlib import Path

from linkcrawl.robots import Rules, parse


def test_every_verdict_is_googles_also_after_packing(shared: Path) -> None:
    wrong: list[tuple[str, str, str]] = []
    verdicts = 0
    with gzip.open(shared / "conformance" / "robots.jsonl.gz") as lines:
        for line in lines.read().split(b"\n"):
            if not line:
                continue
            case = json.loads(line)
            body = base64.b64decode(case["robots_b64"])
            rules = {
                agent: Rules.unpack(parse(body, agent).pack()) for agent in {v[0] for v in case["verdicts"]}
            }
            assert not any(r.truncated for r in rules.values())
            for agent, path, allowed in case["verdicts"]:
                verdicts += 1
                if rules[agent].decide(path).allowed is not allowed:
                    wrong.append((case["host"], agent, path))
    assert wrong == []
    assert verdicts > 70_000
