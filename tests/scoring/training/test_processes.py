"""Two processes under ``accelerate launch`` train as one does: they share the users of each step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from shop import CUTOFF, SMALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.data.tables import Tables

LAUNCH = (  # without a GPU, the flag starts processes on the CPU
    *("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"),
    *("--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"),
)
SCRIPT = Path(sys.executable).with_name("llm-explain")


def trained(folder: Path, launcher: Sequence[str]) -> dict[str, Any]:
    """Train in other processes; return the metrics, and the looks at the held-out window along the way."""
    artifacts = folder / f"by-{len(launcher)}"
    options = ["--data", folder, "--artifacts", artifacts, "--cutoff", str(CUTOFF), "--config", folder / "config.yaml"]
    command = [sys.executable, *launcher, SCRIPT, "train", *options, "--json"]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    found = {name: json.loads((artifacts / f"{name}.json").read_text()) for name in ("metrics", "history")}
    return {"test": found["metrics"]["test"], "reports": found["history"]["reports"]}


@pytest.mark.slow  # two processes that wait for each other: minutes where other tests load the cores
def test_two_processes_train_as_one_does(tmp_path: Path, shop_tables: Tables) -> None:
    shop_tables.write(tmp_path)
    # Without masks that each process draws for itself.
    config = SMALL.model_copy(update={"dropout": 0.0, "id_dropout": 0.0, "report_steps": 10, "device": "cpu"})
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config.model_dump()), encoding="utf-8")
    one, two = trained(tmp_path, ()), trained(tmp_path, LAUNCH)
    assert len(one["reports"]) == 4
    for alone, shared in zip([one["test"], *one["reports"]], [two["test"], *two["reports"]], strict=True):
        assert shared == pytest.approx(alone, abs=1e-3)
