"""The board: Grafana's file as such, and every question that it asks Prometheus."""

import re
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.exported import exported
from tests.deploy.programs import DEPLOY, output
from tests.deploy.promql import BOARD, board, expressions, matchers_in, metrics_in

EXPORTED = exported()
PANELS: list[dict[str, Any]] = board()["panels"]


def test_every_question_is_promql(tmp_path: Path) -> None:
    rules = [
        {"record": f"asked:{number}", "expr": expression, "labels": {"where": where}}
        for number, (where, expression) in enumerate(expressions().items())
    ]
    assert len(rules) > 40
    (tmp_path / "asked.yaml").write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
    output("promtool", "check", "rules", tmp_path / "asked.yaml")


def test_panels_have_their_own_number_and_place() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_panel_has_a_question_and_its_source_is_the_board_s() -> None:
    source = {"type": "prometheus", "uid": "${datasource}"}
    for panel in PANELS:
        if panel["type"] != "row":
            assert panel["targets"], panel["title"]
            assert panel["datasource"] == source
            assert all(target["datasource"] == source for target in panel["targets"])


def test_variables_are_those_that_it_asks_with() -> None:
    known = {variable["name"] for variable in board()["templating"]["list"]}
    asked = set(re.findall(r"\$\{?(\w+)", BOARD.read_text()))
    assert asked - {"__rate_interval", "__all"} == known


def test_compose_puts_it_where_grafana_looks() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning" / "dashboards" / "linkcrawl.yaml"
    (provider,) = yaml.safe_load(provisioning.read_text())["providers"]
    grafana = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["grafana"]
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/{BOARD.name}"
    assert f"./grafana/{BOARD.name}:{home}:ro" in grafana["volumes"]


def test_every_metric_that_is_asked_for_is_given() -> None:
    asked = {metric for expression in expressions().values() for metric in metrics_in(expression)}
    assert asked - EXPORTED.keys() - {"linkcrawl_queued_urls"} == set()


def test_every_metric_that_is_given_is_on_the_board() -> None:
    shown = {
        metric
        for where, text in expressions().items()
        if where.startswith("panel")
        for metric in metrics_in(text)
    }
    # linkcrawl_links_total is a worker's share of linkcrawl_crawl_links_total; how a crawl ended is an alert's.
    unseen = {"linkcrawl_links_total", "linkcrawl_crawl_ended", "linkcrawl_worker_processes"}
    assert EXPORTED.keys() - shown == unseen


def test_every_label_and_value_that_is_asked_for_is_given() -> None:
    for where, expression in expressions().items():
        for metric, label, value in matchers_in(expression):
            if label != "crawl":
                assert value in EXPORTED[metric][label], (where, value)
