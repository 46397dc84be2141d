"""compose.yaml: its schema, what every service owes, and the frontier's server as it starts it."""

import re
from typing import Any

import pytest
import yaml

from linkcrawl.cli.parser import build_parser
from linkcrawl.units import duration_ms
from tests.deploy.dockerfile import stages
from tests.deploy.frontier_server import holds_a_frontier, refuses_strangers, started
from tests.deploy.programs import DEPLOY, output

TEXT = (DEPLOY / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# `$$` is a dollar for the container.
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:[-?][^}]*)?\}")


def example() -> dict[str, str]:
    """What example.env sets."""
    lines = (DEPLOY / "example.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def filled(text: str) -> str:
    """As compose reads it with example.env."""
    return VARIABLE.sub(lambda found: example()[found[1]], text).replace("$$", "$")


def test_it_is_what_the_compose_specification_says() -> None:
    output("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


def test_the_example_sets_every_variable_and_no_other() -> None:
    assert {found[1] for found in VARIABLE.finditer(TEXT)} == set(example())


def test_a_secret_has_no_default() -> None:
    secret = [found for found in VARIABLE.finditer(TEXT) if re.search("PASSWORD|_KEY$", found[1])]
    assert secret
    assert all((found[2] or "").startswith(":?") for found in secret)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_and_locked_down(name: str) -> None:
    service = SERVICES[name]
    assert "build" in service or re.search(r":[\w.-]+@sha256:[0-9a-f]{64}$", service["image"])
    if service.get("network_mode") != "none":
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_frontier_and_the_store_have_no_way_out_and_no_port() -> None:
    for name in ("valkey", "store"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_a_worker_scales_and_has_time_to_drain() -> None:
    worker = SERVICES["worker"]
    assert not {"ports", "container_name", "profiles"} & worker.keys()
    assert 30_000 < duration_ms(worker["stop_grace_period"]) < 120_000
    assert {"valkey", "store"} <= worker["depends_on"].keys()
    for needed in worker["depends_on"]:
        assert worker["depends_on"][needed] == {"condition": "service_healthy"}
        assert SERVICES[needed]["healthcheck"]["test"]


@pytest.mark.parametrize("name", ["submit", "worker"])
def test_its_commands_are_ours(name: str) -> None:
    build_parser().parse_args([filled(word) for word in SERVICES[name]["command"]])


def test_every_file_that_it_mounts_is_there() -> None:
    mounts = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert [mount for mount in mounts if mount.startswith("./") and not (DEPLOY / mount).exists()] == []
    assert {mount for mount in mounts if not mount.startswith("./")} == set(COMPOSE["volumes"])


def test_prometheus_asks_where_workers_answer() -> None:
    (job,) = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert found["names"] == ["worker"]
    assert str(found["port"]) == stages(DEPLOY / "Dockerfile")[-1].environment()["LINKCRAWL_METRICS_PORT"]


def test_the_server_that_it_starts_is_a_frontier() -> None:
    valkey = SERVICES["valkey"]
    command = [filled(word) for word in valkey["entrypoint"] + valkey["command"]]
    environment = {name: filled(value) for name, value in valkey["environment"].items()}
    with started(command, environment) as client:
        assert holds_a_frontier(client, maxmemory_bytes=2 * 1024**3)
        assert refuses_strangers(client)
