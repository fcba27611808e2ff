"""Three hundred titles, brands, categories, facts and sentences that are scripts: none runs, none changes a page."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.llm_explain.service.shopfront.fake_service import CROWD, REASON, USER, FakeService, item, record
from tests.llm_explain.service.shopfront.scripts import PAYLOADS

LINES = (Path(__file__).parents[3] / "data" / "injections.txt").read_text(encoding="utf-8").splitlines()
NAMES = [name for name in map(json.loads, LINES) if name]
"""Names that try to instruct a language model or a template; they must not harm a page either."""

# A product's picture follows from the words of its category; all else must not depend on them.
STRUCTURE = """() => {
  const tree = (node) => {
    const parts = node.matches('svg.field') ? [] : [...node.children, ...(node.shadowRoot?.children ?? [])];
    const children = parts.map(tree);
    const names = [...(node.attributes ?? [])].map((attribute) => attribute.name).sort();
    return [node.localName, names, children];
  };
  return JSON.stringify(tree(document.documentElement));
}"""


OPEN_CARDS = """() => {
  for (const card of document.querySelectorAll('#list why-this')) {
    card.shadowRoot.querySelector('.panel').showPopover();
    for (const one of card.shadowRoot.querySelectorAll('select')) one.selectedIndex = 1;
  }
}"""


def a_shop_of(texts: list[str]) -> FakeService:
    """Return a shop whose every name, sentence, fact and player is one of these texts."""
    items, records = [], {}
    for place, text in enumerate(texts):
        item_id = f"i{place}"
        facts = {**REASON["facts"], "last": text}
        reason = {**REASON, "facts": facts, "player": f"group:{text}"}
        related = {
            **REASON,
            "kind": "related_category",
            "facts": {"category": "c", "count": 3},
            "names": {"category": text},
        }
        items.append(item(item_id, text, text, text))
        records[item_id] = record(
            item_id,
            text,
            reasons=[reason, related, CROWD],
            attributions=[{"player": f"group:{text}", "phi": 2.25, "parts": {}}],
            provenance={"skeleton": text, "data": text, "lm": text},
        )
    return FakeService(items, records)


def analysed(page, site) -> str:
    """Open the analyst's page and a dialog on it; return the page's structure."""
    page.goto(f"{site}/static/analyst/index.html?user={USER}&locale=en")
    page.locator("#grid .link").first.click()
    page.locator("dialog[open] .chart rect").first.wait_for()
    page.locator("dialog[open] details summary").evaluate("summary => summary.click()")
    return page.evaluate(STRUCTURE)


def test_no_text_of_the_catalogue_runs_or_becomes_markup(visit, site):
    """Without the page's policy, so that what is tested is how texts are put in and not what the browser forbids."""
    texts = [*PAYLOADS, *NAMES[::10]]
    assert len(texts) >= 340
    seen = []
    for names in ([f"Cheese {place}" for place in range(len(texts))], list(texts)):
        new = visit(bypass_csp=True)
        a_shop_of(names).attach(new.page)
        page = new.open(f"{site}/?user={USER}&locale=en")
        expect(page.locator("#list why-this[state=ready]")).to_have_count(len(texts))
        page.evaluate(OPEN_CARDS)
        shop_structure = page.evaluate(STRUCTURE)
        assert page.evaluate("window.ran") is None
        seen.append([shop_structure, analysed(page, site)])
        page.mouse.move(400, 400)
        assert page.evaluate("window.ran") is None
        assert page.locator("#grid > li").count() == len(texts)
        assert len(page.frames) == 1
        assert page.evaluate("document.baseURI").startswith(site)
    assert seen[0] == seen[1]


def test_titles_stand_on_the_page_as_they_are(visit, site):
    new = visit()
    a_shop_of(list(PAYLOADS)).attach(new.page)
    page = new.open(f"{site}/?user={USER}&locale=en")
    assert page.locator("#list h3").all_text_contents() == list(PAYLOADS)
    assert page.locator("#list why-this").first.locator(".sentence").text_content() == PAYLOADS[0]
    assert page.evaluate("window.ran") is None


def test_what_looks_like_a_script_in_an_attribute_of_the_component_stays_one(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=1")
    for payload in PAYLOADS[::16]:
        page.evaluate("text => document.querySelector('why-this').setAttribute('name', text)", payload)
        page.evaluate(
            "text => { document.querySelector('why-this').alternatives = [{ item_id: text, title: text }] }", payload
        )
        page.evaluate("told => { document.querySelector('why-this').record = told }", record("i1", payload))
        page.locator("why-this .toggle").click()
        assert page.locator("why-this .sentence").text_content() == payload
    assert page.evaluate("window.ran") is None
