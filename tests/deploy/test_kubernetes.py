"""Every folder of deploy/kubernetes renders, fits the schemas of Kubernetes, and keeps what it promises."""

import ipaddress
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.cli.parser import build_parser
from linkcrawl.download.guard import denied
from tests.deploy.dockerfile import stages
from tests.deploy.frontier_server import holds_a_frontier, refuses_strangers, started
from tests.deploy.programs import DEPLOY, output

Manifest = dict[str, Any]

KUBERNETES = DEPLOY / "kubernetes"
FOLDERS = sorted(
    path.parent.relative_to(KUBERNETES).as_posix() for path in KUBERNETES.rglob("kustomization.yaml")
)
# The oldest and the newest that are looked after.
VERSIONS = ("1.33", "1.37")
DRAIN_S = 30


@cache
def rendered(folder: str) -> tuple[Manifest, ...]:
    """All objects that a folder makes."""
    return tuple(yaml.safe_load_all(output("kubectl", "kustomize", KUBERNETES / folder)))


def one(folder: str, kind: str, name: str) -> Manifest:
    """The object of that kind and name."""
    (found,) = (o for o in rendered(folder) if o["kind"] == kind and o["metadata"]["name"] == name)
    return found


def pods(folder: str) -> Iterator[tuple[str, Manifest, Manifest]]:
    """(name of the object, metadata of its pods, their spec) of all that make pods."""
    for made in rendered(folder):
        if "template" in made.get("spec", {}):
            template = made["spec"]["template"]
            yield made["metadata"]["name"], template["metadata"], template["spec"]


def container(folder: str, name: str) -> Manifest:
    """The container of the pods of that object."""
    ((found,),) = (spec["containers"] for made, _, spec in pods(folder) if made == name)
    result: Manifest = found
    return result


def test_there_is_a_base_and_what_stands_on_it() -> None:
    assert FOLDERS == ["base", "overlays/production", "submit"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_object_is_what_kubernetes_takes(folder: str, version: str) -> None:
    assert rendered(folder)
    for made in rendered(folder):
        kubernetes_validate.validate(made, version, strict=True)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_secret_is_among_them(folder: str) -> None:
    assert "Secret" not in {made["kind"] for made in rendered(folder)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_pod_keeps_the_restricted_standard(folder: str) -> None:
    for name, _, spec in pods(folder):
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for held in spec["containers"]:
            assert held["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert held["resources"]["limits"]["memory"], name


@pytest.mark.parametrize("folder", ["overlays/production", "submit"])
def test_what_is_applied_is_pinned(folder: str) -> None:
    for _, _, spec in pods(folder):
        for held in spec["containers"]:
            assert re.search(r":\d+\.\d+\.\d+", held["image"])


def test_the_image_has_the_user_that_pods_run_as() -> None:
    user, _, group = stages(DEPLOY / "Dockerfile")[-1].only("USER").partition(":")
    for folder in ("base", "submit"):
        for name, _, spec in pods(folder):
            if name.startswith("linkcrawl"):
                context = spec["securityContext"]
                assert (str(context["runAsUser"]), str(context["runAsGroup"])) == (user, group)


def test_metrics_are_asked_for_where_the_image_serves_them() -> None:
    port = stages(DEPLOY / "Dockerfile")[-1].environment()["LINKCRAWL_METRICS_PORT"]
    ((_, metadata, spec),) = (pod for pod in pods("base") if pod[0] == "linkcrawl-worker")
    (held,) = spec["containers"]
    assert [str(at["containerPort"]) for at in held["ports"]] == [port]
    assert metadata["annotations"]["prometheus.io/port"] == port
    (way_in,) = one("base", "NetworkPolicy", "linkcrawl")["spec"]["ingress"]
    assert [str(at["port"]) for at in way_in["ports"]] == [port]
    probes = {held[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert probes == {"/livez", "/healthz"}


def test_its_commands_are_ours() -> None:
    for folder, name in (("base", "linkcrawl-worker"), ("submit", "linkcrawl-submit")):
        build_parser().parse_args(container(folder, name)["args"])


def test_a_worker_has_time_to_drain_and_the_hook_leaves_some_for_a_second_signal() -> None:
    ((_, _, spec),) = (pod for pod in pods("base") if pod[0] == "linkcrawl-worker")
    (held,) = spec["containers"]
    (slept,) = re.findall(r"sleep\((\d+)\)", held["lifecycle"]["preStop"]["exec"]["command"][-1])
    assert DRAIN_S < int(slept) < spec["terminationGracePeriodSeconds"]


def test_the_autoscaler_asks_for_the_metric_that_the_adapter_makes() -> None:
    spec = one("base", "HorizontalPodAutoscaler", "linkcrawl-worker")["spec"]
    assert one("base", spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"])
    (metric,) = spec["metrics"]
    (rule,) = yaml.safe_load((DEPLOY / "prometheus" / "adapter-rules.yaml").read_text())["rules"]["external"]
    assert metric["external"]["metric"]["name"] == rule["name"]["as"]
    assert "replicas" not in one("base", "Deployment", "linkcrawl-worker")["spec"]
    for folder in ("base", "overlays/production"):
        name = one(folder, "ConfigMap", "crawl")["data"]["LINKCRAWL_NAME"]
        assert metric["external"]["metric"]["selector"]["matchLabels"] == {"crawl": name}


def test_policies_and_budget_select_the_pods_that_they_are_for() -> None:
    for folder in ("base", "submit"):
        for name, metadata, _ in pods(folder):
            policy = "frontier" if name == "frontier" else "linkcrawl"
            wanted = one("base", "NetworkPolicy", policy)["spec"]["podSelector"]["matchLabels"]
            assert wanted.items() <= metadata["labels"].items(), name
    ((_, worker, _),) = (pod for pod in pods("base") if pod[0] == "linkcrawl-worker")
    budget = one("base", "PodDisruptionBudget", "linkcrawl-worker")["spec"]["selector"]["matchLabels"]
    assert budget.items() <= worker["labels"].items()
    # A job of one pod is none of the budget's business.
    ((_, submit, _),) = pods("submit")
    assert not budget.items() <= submit["labels"].items()


@cache
def web_ranges() -> list[tuple[Any, list[Any]]]:
    """The policy's way to the web: (range, those left out of it)."""
    blocks = [
        peer["ipBlock"]
        for rule in one("base", "NetworkPolicy", "linkcrawl")["spec"]["egress"]
        for peer in rule["to"]
        if "ipBlock" in peer
    ]
    network = ipaddress.ip_network
    return [(network(block["cidr"]), [network(cidr) for cidr in block["except"]]) for block in blocks]


def reaches(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether the policy lets a worker connect to it."""
    return any(
        address in wide and not any(address in left_out for left_out in exceptions)
        for wide, exceptions in web_ranges()
        if wide.version == address.version
    )


# A mapped address is an IPv4 connection, and the policy sees that one.
@given(st.ip_addresses().filter(lambda address: getattr(address, "ipv4_mapped", None) is None))
def test_the_policy_lets_through_what_workers_fetch_and_nothing_else(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert reaches(address) == (denied(str(address)) is None)


def test_the_policy_and_the_guard_agree_at_every_edge() -> None:
    edges = {edge for wide, out in web_ranges() for net in (wide, *out) for edge in (net[0], net[-1])}
    around = {
        edge + step for edge in edges for step in (-1, 0, 1) if 0 <= int(edge) + step < 2**edge.max_prefixlen
    }
    assert len(around) > 60
    assert {str(a) for a in around if reaches(a)} == {str(a) for a in around if denied(str(a)) is None}


def test_the_server_that_it_starts_is_a_frontier() -> None:
    held = container("base", "frontier")
    environment = {"VALKEY_PASSWORD": "s3cret"} | {v["name"]: v["value"] for v in held["env"] if "value" in v}
    with started(held["command"] + held["args"], environment) as client:
        assert holds_a_frontier(client, maxmemory_bytes=2 * 1024**3)
        assert refuses_strangers(client)


def test_memory_leaves_room_for_the_copy_while_the_file_is_rewritten() -> None:
    for folder in ("base", "overlays/production"):
        held = container(folder, "frontier")
        (bound,) = (int(v["value"].removesuffix("gb")) for v in held["env"] if v["name"] == "MAXMEMORY")
        assert int(held["resources"]["limits"]["memory"].removesuffix("Gi")) >= 1.5 * bound


@pytest.mark.parametrize("path", sorted(KUBERNETES.rglob("*.yaml")), ids=lambda path: path.name)
def test_every_file_is_used(path: Path) -> None:
    if path.name != "kustomization.yaml":
        listed = yaml.safe_load((path.parent / "kustomization.yaml").read_text())
        used = [*listed.get("resources", []), *(patch["path"] for patch in listed.get("patches", []))]
        assert path.name in used
