"""The PromQL that deploy/ holds: that of the alerts, of the board, and of the adapter."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.deploy.programs import DEPLOY

RULES = DEPLOY / "prometheus" / "rules.yaml"
BOARD = DEPLOY / "grafana" / "linkcrawl.json"
ADAPTER = DEPLOY / "prometheus" / "adapter-rules.yaml"

# What Grafana and the adapter put in before they ask.
_FILLED = {
    "$__rate_interval": "1m",
    "$crawl": ".+",
    "<<.Series>>": "linkcrawl_urls",
    "<<.LabelMatchers>>": 'crawl="spring"',
}
_METRIC = re.compile(r"\blinkcrawl_\w+")
_MATCHED = re.compile(r"(linkcrawl_\w+)\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)\s*(?:=~|!=|!~|=)\s*"([^"]*)"')


def alerts() -> list[dict[str, Any]]:
    """Every alert, as rules.yaml has it."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def board() -> dict[str, Any]:
    """The board as Grafana reads it."""
    read: dict[str, Any] = json.loads(BOARD.read_text())
    return read


def expressions() -> dict[str, str]:
    """Where an expression stands -> the expression, whatever is put in later filled."""
    found = {f"alert {alert['alert']}": alert["expr"] for alert in alerts()}
    for panel in board()["panels"]:
        for target in panel.get("targets", []):
            found[f"panel {panel['title']} {target['refId']}"] = target["expr"]
    for rule in yaml.safe_load(ADAPTER.read_text())["rules"]["external"]:
        found[f"adapter {rule['name']['as']}"] = rule["metricsQuery"]
        found[f"adapter {rule['name']['as']} series"] = rule["seriesQuery"]
    return {where: _filled(text) for where, text in found.items()}


def _filled(text: str) -> str:
    for name, value in _FILLED.items():
        text = text.replace(name, value)
    return text


def metrics_in(expression: str) -> set[str]:
    """The metrics of ours that it names."""
    return set(_METRIC.findall(expression))


def matchers_in(expression: str) -> Iterator[tuple[str, str, str]]:
    """(metric, label, value) for each label that it asks of a metric of ours; a|b counts as two values."""
    for metric, inside in _MATCHED.findall(expression):
        for label, values in _MATCHER.findall(inside):
            for value in values.split("|"):
                yield metric, label, value
