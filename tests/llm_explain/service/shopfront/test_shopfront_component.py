"""The component ``<why-this>``, in a page with the strict policy that the demo shop has."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from llm_explain.service.api.pages import STATIC
from tests.llm_explain.service.shopfront.chromium import accessibility_faults
from tests.llm_explain.service.shopfront.fake_service import CROWD, REASON, USER, FakeService, item, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.llm_explain.service.shopfront.chromium import Visit

WHY = "Why Cheese i1 is recommended"


def opened(visit: Callable[..., Visit], site: str, shop: FakeService, query: str = "") -> Page:
    """Open the page of cards and the first card's reasons."""
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?{query}")
    page.get_by_role("button", name=WHY).first.click()
    return page


def test_the_weight_is_drawn_as_told(visit, site, shop):
    page = opened(visit, site, shop)
    bars = page.locator("why-this").first.locator(".bar")
    widths = bars.evaluate_all("bars => bars.map((bar) => bar.firstChild.offsetWidth / bar.offsetWidth)")
    assert [round(width, 2) for width in widths] == [0.67, 0.33]


def test_a_history_group_is_refused_and_taken_back(visit, site, shop):
    page = opened(visit, site, shop)
    page.evaluate(
        "addEventListener('why-this:changed', ({ detail }) => { window.told = [detail.reason.kind, detail.isOff] })"
    )
    card = page.locator("why-this").first
    card.get_by_role("button", name="Don’t use this: Bought 12 times, last on 29 November 2017").click()
    expect(card.get_by_role("status")).to_have_text("Not used any more from now on.")
    assert shop.preferences["groups_off"] == [REASON["player"]]
    assert page.evaluate("window.told") == [REASON["kind"], True]
    card.get_by_role("button", name="Undo").click()
    expect(card.get_by_role("status")).to_have_text("Used again.")
    assert shop.preferences["groups_off"] == []


def test_what_concerns_the_item_is_not_told_any_more_but_still_counts(visit, site, shop):
    page = opened(visit, site, shop)
    page.locator("why-this").first.get_by_role("button", name="Don’t tell me this").click()
    expect(page.get_by_text("Not told any more from now on.")).to_be_visible()
    assert shop.preferences == {"personalised": True, "groups_off": [], "kinds_off": [CROWD["kind"]]}


def test_alone_on_a_page_it_compares_with_nothing(visit, site, shop):
    page = opened(visit, site, shop, "n=1")
    expect(page.locator("why-this .instead")).to_be_hidden()


def test_without_a_sentence_it_takes_no_room_unless_asked_to_say_so(visit, site):
    silent = FakeService([item("i1"), item("i2")], {"i1": record("i1", None), "i2": record("i2", None)})
    new = visit()
    silent.attach(new.page)
    new.open(f"{site}/card", until="why-this[state=empty]")
    assert new.page.locator("why-this").first.bounding_box() is None
    new.open(f"{site}/card?attributes=empty=show", until="why-this[state=empty]")
    expect(new.page.get_by_text("No reason to give for this one.").first).to_be_visible()


def test_it_asks_in_the_fallback_language_for_one_that_has_no_words(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    new.open(f"{site}/card?n=1&attributes=locale=xx")
    assert shop.bodies("/explanations")[0]["locale"] == "en"
    new.complaints.clear()  # Chromium notes the missing file


def test_it_is_accessible_open_and_closed(visit, site, shop):
    page = opened(visit, site, shop, "n=1")
    assert accessibility_faults(page) == []
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.documentElement.style.colorScheme = 'dark'; document.body.style.background = '#131612'")
    assert accessibility_faults(page) == []


def test_a_shop_themes_it_by_properties_and_parts(visit, site, shop):
    page = opened(visit, site, shop)
    page.evaluate(
        "const sheet = new CSSStyleSheet(); document.adoptedStyleSheets = [sheet];"
        "sheet.replaceSync('why-this { --why-accent: rgb(1 2 3) } why-this::part(sentence) { color: rgb(4 5 6) }')"
    )
    card = page.locator("why-this").first
    assert card.locator(".bar i").first.evaluate("bar => getComputedStyle(bar).backgroundColor") == "rgb(1, 2, 3)"
    assert card.locator(".sentence").evaluate("text => getComputedStyle(text).color") == "rgb(4, 5, 6)"


def test_it_is_under_twelve_kilobytes():
    files = [STATIC / "why-this.js", *(STATIC / "why-this").glob("*.js")]
    assert len(files) > 5
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 12 * 1024


def test_it_shows_the_sentence_the_reasons_and_their_shares(visit, site, shop):
    page = opened(visit, site, shop)
    expect(page.get_by_text("You bought this 12 times.").first).to_be_visible()
    panel = page.get_by_role("dialog", name=WHY)
    reasons = panel.get_by_role("list", name="What speaks for it").get_by_role("listitem")
    expect(reasons).to_contain_text(
        [
            re.compile("Bought 12 times, last on 29 November 2017.*66%"),
            re.compile("More than 1,000 customers in 30 days.*33%"),
        ]
    )
    panel.get_by_role("button", name="Close").click()
    expect(reasons.first).to_be_hidden()


def test_what_a_neutral_sentence_states_is_listed_without_shares(visit, site, shop):
    shop.records["i1"] = record("i1", reasons=[], statements=[REASON])
    page = opened(visit, site, shop, "n=1")
    stated = page.get_by_role("list", name="What is said about it").get_by_role("listitem")
    expect(stated).to_have_text(["Bought 12 times, last on 29 November 2017"])


def test_the_reasons_name_items_and_categories_as_sentences_do_and_never_as_suppliers_do(visit, site, shop):
    of_item = {
        "kind": "frequent_item",
        "facts": {"other_item_id": "i2", "count": 4},
        "names": {"other_item_id": "“Cheap at”"},
    }
    of_group = {"kind": "related_category", "facts": {"category": "Call +49 170 1234567"}, "names": {}}
    shop.records["i1"] = record("i1", reasons=[{**REASON, **of_item}, {**REASON, **of_group}])
    shop.items["i2"]["title"] = "Cheap at evil.com"
    panel = opened(visit, site, shop).get_by_role("dialog", name=WHY)
    reasons = panel.get_by_role("list", name="What speaks for it").get_by_role("listitem")
    expect(reasons).to_contain_text([re.compile("You bought “Cheap at” 4 times")])
    assert not shop.queries("/items")
    panel.get_by_label("Why not another one?").select_option(index=1)
    expect(panel.get_by_text("Your history: “Cheese”")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 360])
def test_opening_the_reasons_moves_nothing_and_stays_in_the_window(visit, site, shop, width):
    new = visit(viewport={"width": width, "height": 700})
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=4")
    expect(page.locator("why-this[state=ready]")).to_have_count(4)
    boxes = "cards => cards.map((card) => JSON.stringify(card.getBoundingClientRect()))"
    before = page.locator("why-this").evaluate_all(boxes)
    page.get_by_role("button", name="Why Cheese i4 is recommended").click()
    panel = page.get_by_role("dialog")
    expect(panel).to_be_visible()
    assert page.locator("why-this").evaluate_all(boxes) == before
    box = panel.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 700 + 1
    if width == 360:
        assert (box["x"], box["width"]) == (0, 360), "a sheet"
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.get_by_role("button", name="Why Cheese i4 is recommended")).to_be_focused()


def test_a_shopper_reads_no_logit(visit, site, shop):
    page = opened(visit, site, shop, "n=3")
    card = page.locator("why-this").first
    card.get_by_label("Why not another one?").select_option("Cheese i3")
    expect(card.get_by_text("Cheese i1 scores higher than Cheese i3.")).to_be_visible()
    assert re.findall(r"[+−-]?\d+\.\d+", card.get_by_role("dialog").inner_text()) == []


def test_cards_of_one_page_ask_together(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    new.open(f"{site}/card?n=4")
    expect(new.page.locator("why-this[state=ready]")).to_have_count(4)
    expected = {"user_id": USER, "item_ids": ["i1", "i2", "i3", "i4"], "locale": "en"}
    assert shop.bodies("/explanations") == [expected]


def test_an_unknown_item_takes_no_room_and_does_not_silence_the_others(visit, site):
    new = visit()
    FakeService([item("i1"), item("i3")]).attach(new.page)
    new.open(f"{site}/card?n=3&attributes=empty=show")
    expect(new.page.locator("why-this[state=ready]")).to_have_count(2)
    unknown = new.page.locator("why-this[item=i2]")
    expect(unknown).to_have_attribute("state", "unknown")
    assert unknown.bounding_box() is None


def test_a_record_that_the_page_has_is_not_asked_for(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=1")
    page.evaluate("told => { document.querySelector('why-this').record = told }", record("i1", "Told by the page."))
    expect(page.get_by_text("Told by the page.")).to_be_visible()
    assert len(shop.bodies("/explanations")) == 1


COUNT_OPEN = """
let open = 0;
window.mostOpen = 0;
const send = window.fetch;
window.fetch = (url, init) => {
  if (!String(url).includes("/v1/")) return send(url, init);
  window.mostOpen = Math.max(window.mostOpen, (open += 1));
  return send(url, init).finally(() => (open -= 1));
};
"""


def test_the_page_of_an_item_says_what_its_card_said(visit, site, shop):
    told = record("i1", "Told on the card.")
    shop.stored[told["id"]] = told
    new = visit()
    shop.attach(new.page)
    new.page.add_init_script(COUNT_OPEN)
    new.open(f"{site}/card?n=10&attributes=explanation={told['id']}")
    expect(new.page.get_by_text("Told on the card.")).to_have_count(10)
    assert shop.bodies("/explanations") == []
    assert shop.queries(f"/explanations/{told['id']}") == [{"user_id": [USER]}] * 10
    assert new.page.evaluate("window.mostOpen") == 1  # a user's token has two requests at a time


def test_an_explanation_that_is_not_kept_any_more_is_asked_for_anew(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    new.open(f"{site}/card?n=1&attributes=explanation={'0' * 24}")
    expect(new.page.get_by_text("You bought this 12 times.")).to_be_visible()
    new.complaints.clear()  # Chromium notes the record that was not found


def test_a_guest_is_explained_from_the_history_that_the_page_gives(visit, site, shop):
    events = [{"item_id": "i2", "timestamp": "2026-11-30T08:00:00Z", "kind": "view"}]
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=2")
    page.evaluate(
        "events => document.querySelectorAll('why-this').forEach((card) => {"
        "card.removeAttribute('user'); card.history = events })",
        events,
    )
    expect(page.locator("why-this[state=ready]")).to_have_count(2)
    assert shop.bodies("/explanations")[-1] == {"history": events, "item_ids": ["i1", "i2"], "locale": "en"}
    page.get_by_role("button", name=WHY).click()
    panel = page.get_by_role("dialog")
    panel.get_by_label("Why not another one?").select_option("Cheese i2")
    expect(panel.get_by_text("Cheese i1 scores higher than Cheese i2.")).to_be_visible()
    assert shop.bodies("/contrast") == [{"history": events, "item_id": "i1", "other_id": "i2"}]
    expect(panel.get_by_role("button", name="Helpful", exact=True)).to_have_count(0)


def test_thumbs_are_sent_and_stay_pressed(visit, site, shop):
    page = opened(visit, site, shop)
    card = page.locator("why-this").first
    card.get_by_role("button", name="Not helpful").click()
    expect(card.get_by_role("status")).to_have_text("Thank you. Noted.")
    expect(card.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")
    card.get_by_role("button", name="Helpful", exact=True).click()
    expect(card.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "false")
    card.get_by_role("button", name="This isn’t true").click()
    expect(card.get_by_role("button", name="Undo")).to_be_focused()
    expect(card.get_by_role("button", name="This isn’t true")).to_have_count(0)
    told = {"explanation_id": record("i1")["id"], "user_id": USER}
    assert shop.bodies("/feedback") == [{**told, "verdict": each} for each in ("not_helpful", "helpful", "wrong")]


def test_it_says_why_not_another_one_of_the_page(visit, site, shop):
    page = opened(visit, site, shop, "n=3")
    card = page.locator("why-this").first
    choice = card.get_by_label("Why not another one?")
    assert choice.locator("option").all_text_contents() == ["Choose a product", "Cheese i2", "Cheese i3"]
    choice.select_option("Cheese i3")
    sides = card.locator(".side")
    # |1.0| + |0.5| + |−0.25| = 1.75: 57 %, 28 % and 14 %
    expect(sides.nth(0)).to_contain_text(
        re.compile("Speaks for Cheese i1.*Your history: “Cheese”.*57%.*The product itself.*28%")
    )
    expect(sides.nth(1)).to_contain_text(re.compile("Speaks for Cheese i3.*Popularity of the last weeks.*14%"))
    assert shop.bodies("/contrast") == [{"user_id": USER, "item_id": "i1", "other_id": "i3"}]


@pytest.mark.parametrize("attributes", ["", "empty=show"])
def test_it_is_silent_while_the_service_does_not_answer(visit, site, shop, attributes):
    shop.failing = {"/explanations": 500}
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=1&attributes={attributes}", until="why-this[state=error]")
    assert page.locator("why-this").bounding_box() is None
    assert page.locator("main").inner_text() == "Cards"
    shop.failing = {}
    page.evaluate("document.querySelector('why-this').reload()")
    expect(page.get_by_text("You bought this 12 times.")).to_be_visible()
    new.complaints.clear()  # Chromium notes the failed request


def test_a_button_that_failed_says_so_and_works_the_next_time(visit, site, shop):
    shop.failing = {"/feedback": 503}
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=1")
    page.get_by_role("button", name=WHY).click()
    thumb = page.get_by_role("button", name="Helpful", exact=True)
    thumb.click()
    expect(page.get_by_role("status")).to_have_text("That did not work. Please try again.")
    expect(thumb).to_have_attribute("aria-pressed", "false")
    shop.failing = {}
    thumb.click()
    expect(thumb).to_have_attribute("aria-pressed", "true")
    new.complaints.clear()  # Chromium notes the failed request


def test_a_skeleton_keeps_its_place_while_it_waits(visit, site, shop):
    new = visit()
    held = []
    new.page.route("**/v1/**", lambda route: held.append(route))
    page = new.open(f"{site}/card?n=1", until="why-this[state=loading]")
    expect(page.get_by_role("group", name=WHY)).to_have_attribute("aria-busy", "true")
    expect(page.locator("why-this .ghost")).to_be_visible()
    height = page.locator("why-this").bounding_box()["height"]
    held[0].fulfill(json={"items": [shop.explained("i1")]})
    expect(page.get_by_text("You bought this 12 times.")).to_be_visible()
    assert page.locator("why-this").bounding_box()["height"] == height


@pytest.mark.parametrize(
    ("locale", "button", "reasons", "first"),
    [
        ("zh", "为什么推荐Cheese i1", "推荐它的理由", "买过 12 次，最近一次是 2017年11月29日"),
        ("es", "Por qué te recomendamos Cheese i1", "Por qué está en tu lista", "29 de noviembre de 2017"),
    ],
)
def test_it_speaks_the_language_of_the_page(visit, site, shop, locale, button, reasons, first):
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=2&attributes=locale={locale}")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("list", name=reasons)).to_contain_text(first)
    assert shop.bodies("/explanations")[0]["locale"] == locale
    assert page.locator("why-this .box").first.get_attribute("dir") == "ltr"


def test_it_follows_the_direction_that_the_page_states(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=1&attributes=dir=rtl")
    sentence, button = page.locator("why-this .sentence"), page.get_by_role("button", name=WHY)
    assert button.bounding_box()["x"] < sentence.bounding_box()["x"]


def test_a_keyboard_reaches_and_works_everything(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=2")
    focused = (
        "() => { const within = document.activeElement.shadowRoot?.activeElement;"
        "return within?.getAttribute('aria-label') ?? within?.textContent ?? '' }"
    )
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    seen = []
    for _ in range(8):
        seen.append(page.evaluate(focused))
        page.keyboard.press("Tab")
    assert seen[:2] == [WHY, "Close"]
    assert seen[2].startswith("Don’t use this: Bought 12 times")
    assert seen[3].startswith("Don’t tell me this: ")
    assert seen[4].startswith("Choose a product")
    assert seen[5:8] == ["Helpful", "Not helpful", "This isn’t true"]


def test_targets_are_44_pixels_and_have_names_of_their_own(visit, site, shop):
    page = opened(visit, site, shop, "n=3")
    buttons = page.locator("why-this").locator("button, select")
    assert buttons.count() == 3 + 7
    boxes = buttons.evaluate_all("all => all.map((one) => one.getBoundingClientRect()).filter((box) => box.width)")
    assert [box for box in boxes if min(box["width"], box["height"]) < 44] == []
    names = page.locator("why-this .toggle").evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))")
    assert len(set(names)) == 3


@pytest.mark.parametrize("token", ["'a.user.token'", "async () => 'a.user.token'"])
def test_a_token_of_the_user_is_sent(visit, site, shop, token):
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=1")
    with page.expect_request(lambda request: request.headers.get("authorization") == "Bearer a.user.token"):
        page.evaluate(
            f"() => {{ const one = document.querySelector('why-this');"
            f"one.constructor.settings.token = {token}; one.reload() }}"
        )


def test_markup_with_another_endpoint_does_not_get_the_token(visit, site, shop):
    """A filter of markup may let the element pass: its attribute must not send a shopper's token away."""
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=1")
    sent = page.evaluate(
        """async () => {
          const { settings } = customElements.get('why-this'), seen = {};
          settings.token = 'a.user.token';
          settings.send = async (url, { headers }) => {
            seen[new URL(url).origin] = headers.Authorization ?? null;
            return Response.json({ items: [] });
          };
          const foreign = document.createElement('why-this');
          const given = { item: 'i1', user: 'h1', endpoint: 'https://elsewhere.example/' };
          for (const [name, value] of Object.entries(given)) foreign.setAttribute(name, value);
          document.body.append(foreign);
          await document.querySelector('why-this').reload();
          await foreign.reload();
          return seen;
        }"""
    )
    assert sent == {site: "Bearer a.user.token", "https://elsewhere.example": None}


def test_a_shop_sends_requests_its_own_way(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=1")
    with page.expect_request(lambda request: request.headers.get("x-shop") == "token"):
        page.evaluate(
            "() => { const { settings } = customElements.get('why-this');"
            "const marked = (init) => ({ ...init, headers: { ...init.headers, 'X-Shop': 'token' } });"
            "settings.send = (url, init) => fetch(url, marked(init));"
            "document.querySelector('why-this').reload() }"
        )
