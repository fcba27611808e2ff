"""Models in folders and on a hub: what is read is what was saved, and no table leaves unless that is asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import torch
import typer.testing

pytest.importorskip("huggingface_hub", reason="models on a hub need the extra hub")
sys.path.insert(0, str(Path(__file__).parent))

from hub_server import FakeHub

from llm_explain.cli import app
from llm_explain.errors import ArtifactError, SettingError
from llm_explain.pretrained import PretrainedModel, open_pretrained
from scoring.scorer.storage import load_scorer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoring.data.tables import Tables

MODEL_ALONE = {"README.md", "config.json", "model.safetensors"}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    from huggingface_hub import constants

    with FakeHub() as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
        monkeypatch.setenv("HF_TOKEN", "hf_of_the_test")
        yield server


def words_of(tables: Tables) -> set[bytes]:
    """Return what names users, items and stores in the tables, where it is long enough not to occur by chance."""
    columns = [
        (tables.users, "user_id"), (tables.events, "user_id"), (tables.items, "item_id"), (tables.items, "title"),
        (tables.items, "category"), (tables.items, "brand"), (tables.promotions, "label"),
        (tables.promotions, "store_id"),
    ]  # fmt: skip
    found = pd.concat([table[name].dropna().astype(str) for table, name in columns if name in table]).unique()
    return {word.encode() for word in found if len(word) >= 4}


def assert_same_weights(model: torch.nn.Module, artifacts: Path) -> None:
    expected = load_scorer(artifacts).model.float().state_dict()
    found = model.state_dict()
    assert expected.keys() == found.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_a_saved_model_is_the_trained_one(shop_artifacts: Path, tmp_path: Path) -> None:
    PretrainedModel.of_artifacts(shop_artifacts).save_pretrained(tmp_path)
    assert_same_weights(PretrainedModel.from_pretrained(tmp_path), shop_artifacts)


def test_no_row_of_a_table_leaves(shop_artifacts: Path, shop_tables: Tables, tmp_path: Path) -> None:
    PretrainedModel.of_artifacts(shop_artifacts).save_pretrained(tmp_path)
    assert {path.name for path in tmp_path.rglob("*")} == MODEL_ALONE
    saved = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    words = words_of(shop_tables)
    assert len(words) > 50
    assert not [word for word in words if word in saved]


def test_a_pushed_model_is_private_and_comes_back(shop_artifacts: Path, hub: FakeHub) -> None:
    url = PretrainedModel.of_artifacts(shop_artifacts).push_to_hub("shop/recommender")
    assert url.startswith(f"{hub.url}/shop/recommender/")
    assert [given.get("visibility") or given["private"] for given in hub.created] == ["private"]
    assert "Bearer hf_of_the_test" in hub.tokens
    assert hub.files["shop/recommender"].keys() == MODEL_ALONE
    assert_same_weights(PretrainedModel.from_pretrained("shop/recommender"), shop_artifacts)
    with pytest.raises(ArtifactError, match="holds a model without tables but an explainer needs both"):
        open_pretrained("shop/recommender")


def test_tables_leave_if_that_is_asked_for(shop_artifacts: Path, hub: FakeHub) -> None:
    pushed = typer.testing.CliRunner().invoke(
        app, ["artifacts", "push", "shop/all", "--with-tables", "--artifacts", str(shop_artifacts), "--json"]
    )
    assert pushed.exit_code == 0, pushed.output
    assert json.loads(pushed.stdout)["tables"] is True
    assert "artifacts/tables/events.parquet" in hub.files["shop/all"]
    assert b"holds the shop's tables" in hub.files["shop/all"]["README.md"]
    opened = open_pretrained("shop/all", language_model=None)
    user = opened.events.user_ids[0]
    from llm_explain import Explainer

    expected = Explainer.load(shop_artifacts, language_model=None).rank(user, k=3)
    assert opened.rank(user, k=3) == expected


def test_tables_are_never_public() -> None:
    with pytest.raises(SettingError, match="--with-tables and --public are both given but tables name users"):
        typer.testing.CliRunner().invoke(
            app, ["artifacts", "push", "shop/all", "--with-tables", "--public"], catch_exceptions=False
        )


def test_the_card_states_what_was_measured(shop_artifacts: Path) -> None:
    model = PretrainedModel.of_artifacts(shop_artifacts)
    assert "This training was not measured" in str(model.generate_model_card())
    rows = {"this model": {"recall@10": 0.25, "ece": 0.031}, "popularity": {"recall@10": 0.125}}
    card = str(model.generate_model_card(metrics=rows, columns=["recall@10"]))
    assert "| this model | 0.2500 |" in card
    assert "| popularity | 0.1250 |" in card
    assert "each user: 0.0310." in card
    config = json.loads((shop_artifacts / "manifest.json").read_text())["config"]
    assert f"| tower_steps | {config['tower_steps']} |" in card
