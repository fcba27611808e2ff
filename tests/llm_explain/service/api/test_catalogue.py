"""What a page about the shop as a whole is told."""

from __future__ import annotations

import pytest
import yaml
from starlette.testclient import TestClient

from llm_explain import Explainer
from llm_explain.attribution.importance import OTHER_GROUPS, OWN_GROUP
from llm_explain.attribution.partition import REST
from llm_explain.attribution.values import CONTEXT_PREFIX, LINKS, TOWER
from llm_explain.errors import PromptError
from llm_explain.reports.main_parameters import FILE, ParameterWords
from llm_explain.service.schemas.catalogue import ShopFilters, ShopItems
from llm_explain.service.schemas.responses import MainParameters
from llm_explain.text.prompt_files import prompts_root, read_yaml
from scoring.features.channels import CHANNEL
from scoring.features.context import TERMS
from scoring.model.model import OWN_FEATURES, SIGNALS

LOCALES = sorted(path.parent.name for path in prompts_root().glob(f"*/{FILE}"))


def test_main_parameters_are_told_in_plain_language(client: TestClient, explainer: Explainer) -> None:
    answer = client.get("/v1/main-parameters").json()
    MainParameters.model_validate(answer)
    shares = [parameter["share"] for parameter in answer["parameters"]]
    assert sum(shares) == pytest.approx(1.0)
    assert shares == sorted(shares, reverse=True)
    drivers = explainer.main_drivers()
    assert answer["parameters"][0]["source"] == drivers["source"][0]
    assert "switch off" in answer["choices"]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_source_and_part_has_its_words(locale: str) -> None:
    words = read_yaml(locale, FILE, ParameterWords)[0].parts
    own = {TOWER, LINKS, *OWN_FEATURES, SIGNALS}
    wanted = {OWN_GROUP: own, REST: own, OTHER_GROUPS: {TOWER, LINKS}}
    wanted |= {CONTEXT_PREFIX + term: {term} for term in (*TERMS, CHANNEL)}
    assert {source: set(parts) for source, parts in words.items()} == wanted


def test_words_that_break_their_schema_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = yaml.safe_dump({"version": 1, "introduction": "x"})
    monkeypatch.setattr("llm_explain.text.prompt_files.read_prompt_file", lambda *_: (text, ""))
    with pytest.raises(PromptError, match=r"en/main_parameters.yaml breaks its schema"):
        read_yaml("en", FILE, ParameterWords)


def test_items_are_looked_up_by_id(client: TestClient) -> None:
    answer = client.get("/v1/items", params={"id": ["31", "no such item", "00"]}).json()
    ShopItems.model_validate(answer)
    assert [(item["item_id"], item.get("title"), item["status"]) for item in answer["items"]] == [
        ("31", "cheese B", "ok"), ("no such item", None, "unknown_item"), ("00", "apples A", "ok"),
    ]  # fmt: skip
    assert answer["items"][0]["available"] is True
    assert answer["currency"] == "USD"
    names = client.get("/v1/filters")
    found = ShopFilters.model_validate(names.json())
    assert {"cheese", "apples"} <= {each.name for each in found.categories}
    assert [each.items for each in found.categories] == sorted((each.items for each in found.categories), reverse=True)
    asked = {"user_id": "u00", "categories": [found.categories[0].name], "brands": [found.brands[0].name]}
    assert client.post("/v1/recommendations", json=asked).status_code == 200
    assert client.get("/v1/filters", headers={"If-None-Match": names.headers["etag"]}).status_code == 304
