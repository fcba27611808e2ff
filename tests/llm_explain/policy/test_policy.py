from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from llm_explain.claims import ClaimKinds
from llm_explain.errors import PromptError
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from scoring.data.catalogue import Catalogue
from scoring.data.shop import Shop
from tests.llm_explain.claims.scene import CATALOGUE, INDEX, attribution, derive, evidence
from tests.llm_explain.claims.test_context import crowd

KINDS = ClaimKinds.installed()

PROMPTS = Path(__file__).parents[3] / "prompts"


def test_a_blocked_claim_is_of_a_known_kind(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("version: 1\nblocked_claims: {weather: [beer]}\n")
    with pytest.raises(PromptError, match=r"blocked_claims is .*'weather' is no claim kind"):
        Policy.load(path, kinds=KINDS)


def test_a_type_is_a_whole_word_at_the_beginning_of_a_title() -> None:
    assert not Policy(types=["pregnancy te"]).is_sensitive_item(CATALOGUE, INDEX["kit"])
    assert not Policy(types=["test kit"]).is_sensitive_item(CATALOGUE, INDEX["kit"])
    assert Policy(types=["lager"]).is_sensitive_item(CATALOGUE, INDEX["lager"])


@pytest.mark.parametrize("title", ["Ｐregnancy test kit", "Pregn\u00adancy test kit", "ｐｒｅｇｎａｎｃｙ test kit"])
def test_letters_that_look_alike_hide_no_sensitive_item(title: str) -> None:
    items = pd.DataFrame({"item_id": ["1"], "title": [title], "category": "health"})
    assert Policy(types=["pregnancy test"]).is_sensitive_item(Catalogue(items), 0)


@pytest.mark.parametrize(
    "name",
    [
        "Cheese! Buy now",
        "Up to 90% off",
        "Cures cancer. Sign in at once",
        "We sell the best. Trust us",
        "Order at www evil com",
        "evil.dating",
        "特价！奶酪",
        "Tea 0800 555 0199",
        "evil.\u200dcom",
        "Cheese&excl; Buy now",
    ],
)
def test_no_supplier_speaks_in_the_name_of_a_category_or_a_brand(name: str) -> None:
    assert not Policy().may_name_category(name)
    assert not Policy().may_name_brand(name)
    assert not Policy().may_name_category("<tea>")  # nothing of it can be read
    for own in ("Elec. appliances", "Home Elec. Appliances", "Dr. Oetker", "Men's: shoes", "milk and creamers"):
        assert Policy().may_name_category(own)
        assert Policy().may_name_brand(own)


def test_anonymous_and_sensitive_brands_are_not_named() -> None:
    policy = Policy(PolicySettings.model_validate({"sensitive": {"brands": ["Brewhaus"]}}))
    assert [policy.may_name_brand(brand) for brand in ("brand #69", "Dairyland", "brewhaus", "my brand #69")] == [
        False, True, False, True,
    ]  # fmt: skip
    assert Policy(PolicySettings(unnameable_brands=())).may_name_brand("brand #69")


def test_a_larger_crowd_may_be_asked_for() -> None:
    policy = Policy(PolicySettings(min_crowd=120))
    assert (policy.band(119), policy.band(120), Policy().band(50)) == (None, 100, None)
    seen = evidence("tortilla", statistics=crowd(119), policy=policy)
    assert derive(seen, attribution({"context:popularity": {"popularity": 1.0}})) == []


def test_the_packaged_policy_covers_groceries() -> None:
    policy = Policy.load(PROMPTS / "policy.yaml")
    for name in ("beer", "cigarettes", "family planning products", "incontinence products", "feminine care products"):
        assert policy.is_sensitive_category(name)
    assert not policy.is_sensitive_category("milk")
    assert policy.is_sensitive_item(CATALOGUE, INDEX["kit"])
    assert not policy.may_speak_promotion("coupon")
    assert policy.may_speak_promotion("mailer")
    assert policy.currency is None
    assert policy.for_shop(Shop(currency="EUR")).currency == "EUR"
    assert policy.for_shop(Shop(currency="EUR")).hash != policy.hash


def test_the_defaults_are_those_of_the_packaged_policy() -> None:
    packaged, default = Policy.load(PROMPTS / "policy.yaml").settings, PolicySettings()
    apart = {name for name in PolicySettings.model_fields if getattr(packaged, name) != getattr(default, name)}
    assert apart == {"no_brands", "sensitive"}  # word lists live under prompts/, not in Python


def write(folder: Path, policy: str, **lists: str) -> Path:
    for name, content in lists.items():
        (folder / f"{name}.csv").write_text(content)
    (folder / "policy.yaml").write_text(policy)
    return folder / "policy.yaml"


def test_the_hash_covers_the_lists(tmp_path: Path) -> None:
    text, names = "sensitive: {category_files: [a.csv]}\n", "name,reason\nwine,alcohol\n"
    first = Policy.load(write(tmp_path, text, a=names))
    assert first.hash == "sha256:" + hashlib.sha256((text + names).encode()).hexdigest()
    assert Policy.load(write(tmp_path, text, a=names + "ale,alcohol\n")).hash != first.hash
    assert Policy().hash != Policy(PolicySettings(max_reasons=1)).hash


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("max_reason: 2", r"policy\.yaml: max_reason is 2 but .*Extra inputs.* the settings are version, max_reasons"),
        ("max_reasons: 3", r"policy\.yaml: max_reasons is 3 but .*less than or equal to 2"),
        ("min_share: 0.05", r"min_share is 0\.05 but"),
        ("min_crowd: 20", r"min_crowd is 20 but .*greater than or equal to 50"),
        ("version: 2", r"version is 2 but"),
        ("crowd_bands: [50, 50]", r"crowd_bands is .* each larger than the one before"),
        ("vetoed_kinds: [seasons]", r"vetoed_kinds is .*'seasons' is no claim kind; the kinds are repeat_item"),
        ("unnameable_brands: ['(']", r"unnameable_brands is .*'\(' is no regular expression"),
        ("- a", r"the whole file is \['a'\] but"),
        ("sensitive: {category: [beer]}", r"sensitive\.category is \['beer'\] but"),
        ("a: [", r"policy\.yaml is not YAML but a policy is needed"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused(tmp_path: Path, policy: str, message: str) -> None:
    with pytest.raises(PromptError, match=message):
        Policy.load(write(tmp_path, policy), kinds=KINDS)


def test_an_empty_policy_is_the_default(tmp_path: Path) -> None:
    assert Policy.load(write(tmp_path, "")).settings == PolicySettings()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"policy\.yaml is unreadable .*Restore it from the package"):
        Policy.load(tmp_path / "policy.yaml")
    with pytest.raises(PromptError, match=r"gone\.csv is unreadable"):
        Policy.load(write(tmp_path, "sensitive: {type_files: [gone.csv]}"))


@pytest.mark.parametrize("content", ["", "category,reason\nbeer,alcohol\n", "name,reason\nbeer\n"])
def test_a_list_without_its_columns_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(PromptError, match=r"a\.csv does not have 2 values in each row under the heading 'name,reason'"):
        Policy.load(write(tmp_path, "sensitive: {type_files: [a.csv]}", a=content))
