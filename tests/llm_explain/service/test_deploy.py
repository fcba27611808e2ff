"""The files under deploy/: no root, nothing writable, settings that exist, grace to drain, a proxy with limits."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from wire import LOST, Answer, ask_once, request

from llm_explain.service.settings import PREFIX, ServiceSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).parents[3] / "deploy"
PROXY = (DEPLOY / "nginx.conf").read_text()
TRUSTED = re.compile(PREFIX + "TRUSTED_PROXIES")
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
    assert pod["securityContext"]["runAsNonRoot"]
    mounted = set()
    for container in (*pod["containers"], *pod["initContainers"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        mounted |= {each["name"] for each in container["volumeMounts"]}
    assert mounted == {each["name"] for each in pod["volumes"]}
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


def test_the_image_installs_the_pinned_files_alone() -> None:
    pins = dict(
        re.findall(r"^([\w.-]+)(?:\[.*\])?==(\S+)", (DEPLOY.parent / "constraints.txt").read_text(), re.MULTILINE)
    )
    pins = {name.lower().replace("_", "-"): version for name, version in pins.items()}
    image = (DEPLOY / "requirements.txt").read_text() + (DEPLOY / "torch-cpu.txt").read_text()
    blocks = re.split(r"^(?=[a-z])", image, flags=re.MULTILINE)[1:]
    assert len(blocks) > 50
    for block in blocks:
        name, version = block.split()[0].split("==")
        assert "--hash=sha256:" in block, name
        assert version.removesuffix("+cpu") == pins.get(name.partition("[")[0], version).removesuffix("+cpu"), name
    installed = re.findall(r"pip install (.*)", (DEPLOY / "Dockerfile").read_text())
    assert len(installed) == 3
    assert all("--require-hashes" in each or each.startswith("--no-deps /wheels/") for each in installed)


def test_containers_get_their_keys(pod: Any) -> None:
    keys = {f"{PREFIX}{name}" for name in ("ADMIN_KEY", "STOREFRONT_KEY", "KEY_PEPPER", "METRICS_TOKEN")}
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["service"]["environment"]
    assert all(compose[key].startswith("${") and ":?" in compose[key] for key in keys)  # none has a default
    kept = {each["name"] for each in pod["containers"][0]["env"] if "secretKeyRef" in each.get("valueFrom", {})}
    assert keys <= kept
    assert len(TRUSTED.findall((DEPLOY / "compose.yaml").read_text() + (DEPLOY / "kubernetes.yaml").read_text())) == 2


def test_compose_is_read_only_and_waits_for_the_database() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    service, proxy = services["service"], services["proxy"]
    for each in (service, proxy):
        assert each["read_only"]
        assert each["cap_drop"] == ["ALL"]
    assert service["depends_on"]["postgres"]["condition"] == "service_healthy"
    grace = float(service["stop_grace_period"].removesuffix("s"))
    defaults = ServiceSettings.model_fields
    assert grace > defaults["lame_duck_seconds"].default + defaults["drain_seconds"].default
    assert all(port.startswith("127.0.0.1:") for port in proxy["ports"])


def test_only_the_proxy_can_be_reached(pod: Any) -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert "ports" not in services["service"]
    assert "outside" not in services["service"]["networks"]
    service = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))[1]
    (sidecar,) = pod["initContainers"]
    assert sidecar["restartPolicy"] == "Always"
    assert service["spec"]["ports"][0]["targetPort"] == sidecar["ports"][0]["name"]
    listened = re.search(r"listen (\d+)", PROXY)
    assert listened is not None
    assert int(listened[1]) == sidecar["ports"][0]["containerPort"]


def test_the_proxy_has_the_limits_of_the_service() -> None:
    defaults = ServiceSettings.model_fields
    assert "client_max_body_size 1m;" in PROXY
    assert defaults["max_body_bytes"].default <= 2**20
    assert f"client_body_timeout {defaults['body_seconds'].default:.0f}s;" in PROXY
    kept = re.search(r"upstream service \{.*?keepalive_timeout (\d+)s;", PROXY, re.DOTALL)
    assert kept is not None
    assert int(kept[1]) < defaults["keep_alive_seconds"].default  # else the service closes a connection that is used
    read = re.search(r"proxy_read_timeout (\d+)s;", PROXY)
    assert read is not None
    assert int(read[1]) > defaults["longest_deadline_seconds"].default


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run nginx with the shipped configuration over a port where no service listens."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    folder = tmp_path_factory.mktemp("nginx")
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        port, closed = one.getsockname()[1], two.getsockname()[1]
    text = PROXY.replace("service:8000", f"127.0.0.1:{closed}").replace("listen 8080", f"listen 127.0.0.1:{port}")
    (folder / "nginx.conf").write_text(text.replace("/tmp/", f"{folder}/"))
    command = [nginx, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    process = subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    yield port
    process.terminate()
    process.wait(30)


def ask_proxy(port: int, sent: bytes) -> tuple[Answer, dict[str, Any]]:
    answer = asyncio.run(ask_once(port, sent))
    for _ in range(200):  # until nginx listens
        if answer.status != LOST:
            break
        threading.Event().wait(0.05)
        answer = asyncio.run(ask_once(port, sent))
    assert answer.headers["content-type"] == "application/problem+json"
    return answer, answer.json()


def test_the_proxy_answers_with_problem_documents(proxy: int) -> None:
    large = request("POST", "/v1/recommendations", b"x" * (2**20 + 1))
    for sent, status, code in (
        (request("GET", "/v1/shop/items"), 503, "overloaded"),
        (large, 413, "body-too-large"),
        (b"GET / HTTP/1.1\r\nhost: h\r\n" + b"a: " + b"b" * 40_000 + b"\r\n\r\n", 431, "head-too-large"),
    ):
        answer, problem = ask_proxy(proxy, sent)
        assert answer.status == problem["status"] == status
        assert problem["type"] == f"urn:llm-explain:problem:{code}"
        assert re.fullmatch("[0-9a-f]{32}", problem["request_id"])


def test_the_proxy_limits_the_rate_of_an_address(proxy: int) -> None:
    async def flood() -> list[Answer]:
        return list(await asyncio.gather(*(ask_once(proxy, request("GET", "/healthz")) for _ in range(400))))

    ask_proxy(proxy, request("GET", "/healthz"))
    refused = [answer for answer in asyncio.run(flood()) if answer.status == 429]
    assert refused
    assert refused[0].headers["retry-after"] == "1"
    assert refused[0].json()["type"] == "urn:llm-explain:problem:rate-limited"
