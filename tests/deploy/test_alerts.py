"""The alert rules: promtool runs their tests, and every alert has one that can fail."""

import re
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.deploy.programs import DEPLOY, output, run
from tests.deploy.promql import RULES, alerts

TESTS = DEPLOY / "prometheus" / "tests.yaml"
MANUAL = REPOSITORY / "docs" / "operate.md"
NAMES = [alert["alert"] for alert in alerts()]


def test_the_rules_are_sound() -> None:
    output("promtool", "check", "rules", "--lint=all", "--lint-fatal", RULES)


def test_prometheus_takes_its_settings_and_finds_the_rules(tmp_path: Path) -> None:
    settings = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    prometheus = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["prometheus"]
    for mount in prometheus["volumes"]:
        source, inside, *_ = mount.split(":")
        if source.startswith("./"):
            settings = settings.replace(inside, str(DEPLOY / source))
    (tmp_path / "prometheus.yml").write_text(settings)
    assert f"{len(NAMES)} rules found" in output("promtool", "check", "config", tmp_path / "prometheus.yml")


def test_their_tests_pass() -> None:
    output("promtool", "test", "rules", TESTS)


def test_an_alert_that_never_came_would_fail_them(tmp_path: Path) -> None:
    rules = yaml.safe_load(RULES.read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule["expr"] = "vector(1) > 2"
    (tmp_path / RULES.name).write_text(yaml.safe_dump(rules))
    (tmp_path / TESTS.name).write_text(TESTS.read_text())
    code, said = run("promtool", "test", "rules", tmp_path / TESTS.name)
    assert code == 1, said
    assert [name for name in NAMES if f"alertname: {name}," not in said] == []


@pytest.mark.parametrize("alert", alerts(), ids=NAMES)
def test_an_alert_says_how_bad_it_is_and_what_to_do(alert: dict[str, dict[str, str]]) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    notes = alert["annotations"]
    assert notes["summary"]
    assert notes["description"]
    page, _, anchor = notes["runbook_url"].partition("#")
    assert REPOSITORY / page == MANUAL
    assert anchor in anchors(MANUAL.read_text())


@pytest.mark.parametrize("page", [MANUAL, DEPLOY / "README.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)]+)\)", page.read_text())
    assert targets
    for target in targets:
        path, _, anchor = target.partition("#")
        if path.startswith("http"):
            continue
        there = page if not path else page.parent / path
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text()), target


def anchors(text: str) -> set[str]:
    """What a link can point to in a Markdown page: its headings as GitHub and GitLab write them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
