"""Pages over the real service: what they show is what the explainer says, and what a shopper does is kept."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from llm_explain import Explainer
from llm_explain.service.app import create_app
from llm_explain.service.settings import ServiceSettings
from tests.llm_explain.service.shopfront.chromium import accessibility_faults
from tests.llm_explain.service.shopfront.served import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from tests.llm_explain.service.shopfront.chromium import Visit

REAL_ARTIFACTS = Path(__file__).parents[4] / "artifacts" / "completejourney"
K = 12


def settings(folder: Path, **changes: Any) -> ServiceSettings:
    """Return settings that wait as long as a busy machine needs."""
    url = f"sqlite:///{folder / 'state.db'}"
    given = {
        "auth": False,
        "database_url": url,
        "rate_per_second": 0,
        "deadline_seconds": 60,
        "as_of": "snapshot",
        "demo_shop": True,
    }
    return ServiceSettings(**{**given, **changes})


@pytest.fixture(scope="module", params=["small", pytest.param("real", marks=pytest.mark.slow)])
def explained(request: pytest.FixtureRequest) -> Explainer:
    """Return an explainer over the small shop, and over the real one."""
    folder = REAL_ARTIFACTS if request.param == "real" else request.getfixturevalue("shop_artifacts")
    return Explainer.load(folder, language_model=None)


@pytest.fixture
def address(explained: Explainer, tmp_path: Path) -> Iterator[str]:
    """Return the address of the real service, with an empty state."""
    with served(create_app(explained, settings(tmp_path))) as found:
        yield found


@pytest.fixture
def user(explained: Explainer) -> str:
    """Return a customer with events."""
    return str(explained.events.user_ids[0])


@pytest.fixture
def page(visit: Callable[..., Visit], address: str, user: str) -> Page:
    """Return the analyst's page, open."""
    where = f"{address}/static/analyst/index.html?user={user}&locale=en"
    return visit(viewport={"width": 1280, "height": 900}).open(where, until="#grid h3")


def user_of(page: Page) -> str:
    """Return the household that is shown."""
    return page.get_by_label("Customer").input_value()


def titles(page: Page) -> list[str]:
    """Return the titles of the list, in its order."""
    return page.locator("#grid h3").all_text_contents()


def test_the_list_and_its_sentences_are_the_explainer_s(page, explained):
    rows = explained.recommend(user_of(page), k=K, section=None, locale="en")
    assert titles(page) == [explained.titles[row.item_id] for row in rows]
    shown = [card.text_content() for card in page.locator("#grid .sentence").all()]
    assert shown == [row.text.text if row.text else "No reason to give for this one." for row in rows]


def test_a_switch_re_ranks_as_the_explainer_says(page, explained):
    user = user_of(page)
    switch = page.locator(".switch[data-player^='group:']").first
    player = switch.get_attribute("data-player")
    switch.click()
    expect(page.get_by_role("button", name="Keep it off")).to_be_visible()
    rows = explained.what_if(user, without=[player], k=K)
    best = sorted((row for row in rows if row.rank_without and row.rank_without <= K), key=lambda row: row.rank_without)
    assert titles(page) == [explained.titles[row.item_id] for row in best]
    page.get_by_role("button", name="Keep it off").click()
    expect(page.locator("#notice")).to_contain_text("Your choice counts from now on.")
    assert titles(page) == [explained.titles[row.item_id] for row in best], "what was tried is what comes true"
    page.reload()
    page.locator("#grid h3").first.wait_for()
    expect(page.locator(f'.switch[data-player="{player}"]')).to_have_attribute("aria-checked", "false")
    assert titles(page) == [explained.titles[row.item_id] for row in best]


def test_waterfall_record_and_replay(page):
    page.locator("#grid .link").first.click()
    dialog = page.get_by_role("dialog")
    dialog.locator(".chart rect").first.wait_for()
    cells = [cell.replace("−", "-") for cell in dialog.locator("table").first.locator("td").all_text_contents()]
    base, *steps, score = map(float, cells)
    assert base + sum(steps) == pytest.approx(score, abs=0.005 * (len(cells) + 1))  # each is rounded to 0.01
    dialog.get_by_role("button", name="Explain again and compare").click()
    expect(dialog.get_by_text("The same text, word for word.")).to_be_visible()
    choice = dialog.get_by_label("Choose a product")
    choice.select_option(index=1)
    expect(dialog.locator("table").last.locator("tr").first).to_be_attached()
    assert accessibility_faults(page) == []


def test_the_shop_s_sections_sentences_and_badges_are_the_explainer_s(visit, address, explained, user):
    page = visit(viewport={"width": 1280, "height": 900}).open(f"{address}/?user={user}&locale=en", until="#list h3")
    rows = explained.recommend(user, k=24, locale="en")
    assert page.locator("#list h3").all_text_contents() == [explained.titles[row.item_id] for row in rows]
    assert page.locator("#list h2").all_text_contents() == list(dict.fromkeys(row.section_title for row in rows))
    assert page.locator("#list .badge").all_text_contents() == [row.badges[0].text.text for row in rows if row.badges]
    shown = page.locator("#list why-this[state=ready] .sentence").all_text_contents()
    assert shown == [row.text.text for row in rows if row.text]
    card = page.locator("#list why-this[state=ready]").first
    card.get_by_role("button").click()
    card.get_by_role("button", name="Helpful", exact=True).click()
    expect(card.get_by_role("status")).to_have_text("Thank you. Noted.")
    if page.get_by_label("Category").locator("option").count() > 1:
        category = page.get_by_label("Category").locator("option").nth(1).text_content()
        with page.expect_response(lambda answer: answer.url.endswith("/v1/recommendations")):
            page.get_by_label("Category").select_option(category)
        expected = [explained.titles[row.item_id] for row in explained.recommend(user, k=24, categories=[category])]
        expect(page.locator("#list h3")).to_have_text(expected)


@pytest.mark.parametrize("is_stored", [False, True])
def test_what_was_called_untrue_is_said_again_after_undo(visit, address, user, is_stored):
    new = visit(viewport={"width": 1280, "height": 900})
    page = new.open(f"{address}/?user={user}&locale=en", until="#list why-this[state=ready]")
    item = page.locator("#list why-this[state=ready]").first.get_attribute("item")
    answer = page.request.post(f"{address}/v1/explanations", data={"user_id": user, "item_ids": [item]})
    told = answer.json()["items"][0]["explanation"]
    attributes = {"item": item, "user": user, "locale": "en", **({"explanation": told["id"]} if is_stored else {})}
    page.evaluate(
        """(attributes) => {
          const element = document.createElement("why-this");
          for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
          const main = document.createElement("main");
          main.append(element);
          document.body.replaceChildren(main);
        }""",
        attributes,
    )
    card = page.locator("why-this")
    expect(card.locator(".sentence")).to_have_text(told["text"])
    card.get_by_role("button").click()
    card.get_by_role("button", name="This isn’t true").click()
    undo = card.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    expect(card.get_by_role("status")).to_have_text("Thank you. Noted.")
    expect(card.locator(".sentence")).not_to_have_text(told["text"])
    preferences = page.evaluate("user => fetch(`/v1/users/${user}/preferences`).then(answer => answer.json())", user)
    assert {each["item_id"] for each in preferences["suppressed"]} == {item}
    assert {each["player"] for each in preferences["suppressed"]} >= {each["player"] for each in told["reasons"]}
    undo.click()
    expect(card.locator(".sentence")).to_have_text(told["text"])
    expect(undo).to_have_count(0)


def test_history_can_be_switched_off_and_on(page, explained):
    before = titles(page)
    page.get_by_role("switch", name="Use my history").click()
    expect(page.get_by_role("heading", name="Picked for everyone")).to_be_visible()
    general = [explained.titles[row.item_id] for row in explained.rank("nobody at all", k=K)]
    assert titles(page) == general
    page.get_by_role("switch", name="Use my history").click()
    expect(page.get_by_role("heading", name="The list of")).to_be_visible()
    assert titles(page) == before


def test_main_parameters_are_told(page):
    page.get_by_role("button", name="How recommendations come about").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem").first).to_be_visible()
    assert accessibility_faults(page) == []


def test_a_key_is_asked_for_where_the_service_wants_one(visit, shop_artifacts, tmp_path):
    explainer = Explainer.load(shop_artifacts, language_model=None)
    with served(create_app(explainer, settings(tmp_path, auth=True))) as address:
        new = visit()
        page = new.open(f"{address}/", until="[data-state=trouble]")
        expect(page.get_by_label("API key")).to_be_visible()
        new.complaints.clear()  # Chromium notes the refused request


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Explainer:
    """Return an explainer over a shop whose titles and brands are scripts, from import to artifacts."""
    from dataclasses import replace

    from shop import CUTOFF, small_shop

    from scoring.training.config import TrainConfig
    from scoring.training.training import train
    from tests.llm_explain.service.shopfront.scripts import PAYLOADS

    tables = small_shop()
    printable = [text for text in PAYLOADS if text.isprintable()]
    names = list(itertools.islice(itertools.cycle(printable[::7]), len(tables.items)))
    items = tables.items.assign(title=names, brand=names[::-1])
    folder = tmp_path_factory.mktemp("hostile")
    config = TrainConfig(
        d=8, n_heads=2, n_queries=2, curve_steps=5, tower_steps=5, batch_size=16, titles="none", n_windows=6
    )
    train(replace(tables, items=items), config, folder, cutoff=CUTOFF)
    return Explainer.load(folder, language_model=None)


def test_a_catalogue_of_scripts_does_no_harm_on_its_whole_way(visit, hostile, tmp_path):
    with served(create_app(hostile, settings(tmp_path))) as address:
        new = visit(bypass_csp=True, viewport={"width": 1280, "height": 900})
        user = hostile.events.user_ids[0]
        page = new.open(f"{address}/?user={user}&locale=en", until="#list h3")
        for card in page.locator("#list why-this .panel").all():
            card.evaluate("panel => panel.showPopover()")
        assert page.evaluate("window.ran") is None
        new.open(f"{address}/static/analyst/index.html?user={user}&locale=en", until="#grid h3")
        assert titles(page) == [hostile.titles[row.item_id] for row in hostile.rank(user, k=K)]
        page.locator("#grid .link").first.click()
        page.locator("dialog[open] .chart rect").first.wait_for()
        assert page.evaluate("window.ran") is None
        assert page.locator("iframe, object, embed, style, base, video, audio, marquee").count() == 0
