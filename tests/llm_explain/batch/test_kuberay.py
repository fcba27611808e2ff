"""The manifest of a nightly batch: fields that KubeRay has, a command that exists, as many actors as processors."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from llm_explain.cli import app

ROOT = Path(__file__).parents[3]
JOB_FIELDS = {
    "activeDeadlineSeconds", "backoffLimit", "entrypoint", "rayClusterSpec", "shutdownAfterJobFinishes",
    "ttlSecondsAfterFinished",
}  # fmt: skip
"""Those of RayJobSpec (KubeRay 1.5.1) that the manifest uses; KubeRay drops a field that it does not know."""
HEAD_FIELDS = {"rayStartParams", "template"}
WORKER_FIELDS = HEAD_FIELDS | {"groupName", "maxReplicas", "minReplicas", "replicas"}


@pytest.fixture(scope="module")
def job() -> Any:
    document = yaml.safe_load((ROOT / "deploy" / "kuberay.yaml").read_text())
    assert (document["apiVersion"], document["kind"]) == ("ray.io/v1", "RayJob")
    return document["spec"]


def groups(job: Any) -> list[Any]:
    cluster = job["rayClusterSpec"]
    return [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]


def test_every_field_is_one_of_kuberay(job: Any) -> None:
    assert job.keys() == JOB_FIELDS
    assert job["rayClusterSpec"].keys() == {"authOptions", "rayVersion", "headGroupSpec", "workerGroupSpecs"}
    head, *workers = groups(job)
    assert head.keys() == HEAD_FIELDS
    assert all(each.keys() == WORKER_FIELDS for each in workers)
    assert all(isinstance(value, str) for each in groups(job) for value in each["rayStartParams"].values())


def test_the_command_exists(job: Any) -> None:
    program, name, *arguments = shlex.split(job["entrypoint"])
    assert program == "llm-explain"
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    context = command.make_context(name, arguments)
    assert context.params["engine"] == "ray"


def test_an_actor_has_a_processor_and_its_memory(job: Any) -> None:
    head, workers = groups(job)
    assert head["rayStartParams"]["num-cpus"] == "0"
    (container,) = workers["template"]["spec"]["containers"]
    n_processors = int(container["resources"]["limits"]["cpu"])
    found = re.search(r"--workers (\d+)", job["entrypoint"])
    assert found
    assert int(found[1]) == workers["replicas"] * n_processors
    assert int(container["resources"]["limits"]["memory"].removesuffix("Gi")) >= 1.2 * n_processors + 2


def test_pods_have_what_they_mount_and_no_privileges(job: Any) -> None:
    for group in groups(job):
        pod = group["template"]["spec"]
        (container,) = pod["containers"]
        assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
        assert pod["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        mounted = {each["mountPath"]: each for each in container["volumeMounts"]}
        assert mounted["/artifacts"]["readOnly"]
        assert "--artifacts /artifacts --out /batches" in job["entrypoint"]


def test_the_cluster_the_image_and_the_pins_have_one_ray(job: Any) -> None:
    version = job["rayClusterSpec"]["rayVersion"]
    assert f"FROM rayproject/ray:{version}-py" in (ROOT / "deploy" / "Dockerfile.ray").read_text()
    assert f"\nray=={version}\n" in (ROOT / "constraints.txt").read_text()
