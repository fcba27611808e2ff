"""The Ray engine: batches, and a phrasebook's skeletons over real llama.cpp servers, of which one dies."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

pytest.importorskip("ray", reason="actors need the extra ray")
pytest.importorskip("xllamacpp", reason="the packaged server needs the extra llamacpp")
pytest.importorskip("httpx2", reason="a model behind a URL needs the extra lm")

from llm_explain.batch import BatchSettings, run_batch, users_of_log
from llm_explain.generation.prompt_template import PromptTemplate
from llm_explain.generation.ray_cluster import ray_data
from llm_explain.generation.ray_drafts import RayDrafts
from llm_explain.text.lexicon import load_lexicon
from llm_explain.verifier import SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::FutureWarning"),
]

COPIED = {
    "popular": "It's popular with our customers.",
    "new_arrival": "This one is new in our range.",
    "promotion": "This one is {promotion} right now.",
}
"""A sentence of each kind, one for each batch."""

SERVER = """
import sys
from llm_explain.generation.llamacpp_generator import LlamaCppGenerator
served = LlamaCppGenerator.load("untuned", n_threads=1, n_parallel=2)
print(served.base_url, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True, scope="module")
def cluster() -> Iterator[None]:
    """One cluster for the tests of the module: to start one takes longer than to use it."""
    with ray_data():
        yield


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Two servers with the packaged weights, by URL."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for _ in range(2)
        ]
        yield {_first_line(process): process for process in started}
        for process in started:
            process.kill()


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_batch_has_the_rows_of_the_local_engine(shop_artifacts: Path, tmp_path: Path) -> None:
    users, settings = users_of_log(shop_artifacts).slice(0, 3), BatchSettings(k=4)
    run_batch(shop_artifacts, users, tmp_path / "local", settings, shard_users=1)
    summary = run_batch(shop_artifacts, users, tmp_path / "ray", settings, engine="ray", workers=1, shard_users=1)
    assert summary.engine == "ray"
    written, expected = (sorted((tmp_path / engine).glob("part-*.parquet")) for engine in ("ray", "local"))
    assert len(written) == len(expected) == 3
    assert all(pq.read_table(one).equals(pq.read_table(other)) for one, other in zip(written, expected, strict=True))


def test_actors_write_over_replicas_of_which_one_dies(servers: dict[str, subprocess.Popen[str]]) -> None:
    lexicon = load_lexicon("en")
    template = PromptTemplate(lexicon)
    prompts = [
        template.render([kind], tone="friendly", examples=[([kind], text)] * 3)  # an untuned model copies examples
        for kind, text in COPIED.items()
        for _ in range(6)
    ]
    drafts = RayDrafts(",".join(servers), "en", workers=1, batch_size=6, max_new_tokens=24, timeout=300)
    first, second = servers.values()
    batches = []
    for number, written in enumerate(drafts.write_in_batches(prompts)):
        if number == 0:
            first.kill()
        batches.append(written)
    assert first.wait(60) == -signal.SIGKILL
    assert second.poll() is None
    assert len(batches) == 3
    assert all(batches)
    verifier = SkeletonVerifier(lexicon)
    for skeleton in (each for written in batches for each in written):
        assert verifier.accept(skeleton.text, skeleton.kinds, tone=skeleton.tone)
        assert skeleton.model.endswith("@127.0.0.1")
