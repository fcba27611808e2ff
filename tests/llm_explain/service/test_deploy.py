"""The files under deploy/: no root, nothing writable, probes that exist, settings that exist, grace enough to drain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_explain.service.settings import PREFIX, ServiceSettings

DEPLOY = Path(__file__).parents[3] / "deploy"
FILES = ("Dockerfile", "compose.yaml", "kubernetes.yaml")


@pytest.fixture(scope="module")
def pod() -> Any:
    documents = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
    assert [each["kind"] for each in documents] == ["Deployment", "Service", "PodDisruptionBudget"]
    labels = documents[0]["spec"]["template"]["metadata"]["labels"]
    assert documents[0]["spec"]["selector"]["matchLabels"] == documents[1]["spec"]["selector"] == labels
    assert documents[2]["spec"]["selector"]["matchLabels"] == labels
    return documents[0]["spec"]["template"]["spec"]


@pytest.mark.parametrize("name", FILES)
def test_every_setting_that_is_set_exists(name: str) -> None:
    named = set(re.findall(PREFIX + r"([A-Z_]+)\b(?=[=:,])", (DEPLOY / name).read_text()))
    assert named
    assert {each.lower() for each in named} <= set(ServiceSettings.model_fields)


def test_the_pod_cannot_write_or_become_root(pod: Any) -> None:
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    volumes = {each["name"] for each in pod["volumes"]}
    assert {each["name"] for each in container["volumeMounts"]} == volumes
    assert not pod["automountServiceAccountToken"]


def test_kubernetes_does_not_set_our_port(pod: Any) -> None:
    """It would set LLM_EXPLAIN_PORT to an address for a service named llm-explain."""
    assert pod["enableServiceLinks"] is False


def test_the_grace_covers_the_drain(pod: Any) -> None:
    environment = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
    seconds = sum(float(environment[f"{PREFIX}{name}_SECONDS"]) for name in ("LAME_DUCK", "DRAIN"))
    assert seconds + 5 <= pod["terminationGracePeriodSeconds"]
    readiness = pod["containers"][0]["readinessProbe"]
    noticed_after = readiness["periodSeconds"] * readiness["failureThreshold"]
    assert noticed_after < float(environment[f"{PREFIX}LAME_DUCK_SECONDS"])


def test_the_container_is_not_root_and_its_data_are_mounted() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    user = next(line for line in reversed(lines) if line.startswith("USER"))
    assert user == "USER 10001:10001"
    assert lines.index(user) > max(number for number, line in enumerate(lines) if line.startswith("FROM"))
    assert 'CMD ["serve"]' in lines


def test_compose_is_read_only_and_waits_for_the_database() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["service"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["depends_on"]["postgres"]["condition"] == "service_healthy"
    grace = float(service["stop_grace_period"].removesuffix("s"))
    defaults = ServiceSettings.model_fields
    assert grace > defaults["lame_duck_seconds"].default + defaults["drain_seconds"].default
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
