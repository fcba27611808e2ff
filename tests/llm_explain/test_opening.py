"""A policy, a shop and a cache size of the operator replace those of the package and of the artifacts."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from llm_explain import Explainer
from llm_explain.errors import PromptError, TableError


def load(folder: Path, **given: object) -> Explainer:
    return Explainer.load(folder, language_model=None, **given)  # type: ignore[arg-type]


def test_a_policy_file_replaces_the_packages_and_finds_its_lists(shop_artifacts: Path, tmp_path: Path) -> None:
    packaged = load(shop_artifacts)
    values = yaml.safe_load((Path(__file__).parents[2] / "prompts" / "policy.yaml").read_text())
    values["sensitive"]["categories"] = ["cheese"]
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(values))
    own = load(shop_artifacts, policy_file=file)
    assert packaged.shop.policy.may_name_category("cheese")
    assert not own.shop.policy.may_name_category("cheese")
    assert not own.shop.policy.may_name_category("beer") or packaged.shop.policy.may_name_category("beer")
    assert own.provenance["policy"] != packaged.provenance["policy"]
    with pytest.raises(PromptError, match=r"nowhere\.yaml is unreadable"):
        load(shop_artifacts, policy_file=tmp_path / "nowhere.yaml")


def test_a_shop_file_changes_what_the_model_was_not_trained_on(shop_artifacts: Path, tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("currency: CHF\nname: Corner shop\n")
    shop = load(shop_artifacts, shop_file=file).events.shop
    assert (shop.currency, shop.name) == ("CHF", "Corner shop")
    assert shop.target_kinds == load(shop_artifacts).events.shop.target_kinds
    file.write_text("target_kinds: [view]\n")
    with pytest.raises(TableError, match=r"shop\.yaml: target_kinds is \('view',\) but the model was trained with"):
        load(shop_artifacts, shop_file=file)


def test_the_cache_keeps_as_many_users_as_it_is_told(shop_artifacts: Path) -> None:
    explainer = load(shop_artifacts, cached_users=2)
    for user_id in explainer.events.user_ids[:5]:
        explainer.recommend(user_id, k=1)
    assert explainer.reader.users is not None
    assert len(explainer.reader.users) == 2
