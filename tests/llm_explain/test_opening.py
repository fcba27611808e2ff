"""A policy, a shop and a cache size of the operator replace those of the package and of the artifacts."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from llm_explain import Explainer
from llm_explain.campaigns.audience import Audience
from llm_explain.campaigns.plan import plan_campaign
from llm_explain.campaigns.settings import CampaignSettings
from llm_explain.dialogue.dialogue import Dialogue
from llm_explain.dialogue.turns import Context
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


@pytest.mark.parametrize(
    ("shop_locale", "spoken"),
    [("es-MX", "es-MX"), ("zh-CN", "zh-CN"), ("es", "es"), ("zh_CN", "zh-CN"), ("de", "en"), ("fr-CA", "en")],
)
def test_texts_are_in_the_shops_language_if_it_has_words(
    shop_artifacts: Path, tmp_path: Path, shop_locale: str, spoken: str
) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(f"locale: {shop_locale}\n")
    explainer = load(shop_artifacts, shop_file=file)
    assert explainer.locale == spoken
    assert {row.locale for row in explainer.recommend("u00", k=2)} == {spoken}
    assert {row.locale for row in explainer.recommend_many(["u00"], k=2)[0]} == {spoken}
    assert {row.locale for row in explainer.explain("u00", ["31"])} == {spoken}
    assert {row.locale for row in explainer.recommend("u00", k=2, locale="en-GB")} == {"en-GB"}


def test_a_chat_a_campaign_and_the_tools_speak_the_shops_language(shop_artifacts: Path, tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("locale: es\n")
    explainer = load(shop_artifacts, shop_file=file)
    said = Dialogue(explainer).reply("u00", "hola", Context()).text
    assert said == Dialogue(explainer, locale="es").reply("u00", "hola", Context()).text
    assert said != Dialogue(explainer, locale="en").reply("u00", "hola", Context()).text
    consent = tmp_path / "consent.csv"
    consent.write_text("user_id,channel,consent\nu00,push,yes\n")
    settings = CampaignSettings(channel="push", holdout=0)
    plan = plan_campaign(explainer, audience=Audience(consent), settings=settings, user_ids=["u00"])
    assert plan.settings.locale == "es"
    assert {offer.explanation.locale for message in plan.messages for offer in message.offers} == {"es"}
