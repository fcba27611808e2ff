"""The component ``<why-this>``, in a page with the strict policy that the demo shop has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.llm_explain.service.shopfront.chromium import accessibility_faults
from tests.llm_explain.service.shopfront.fake_service import CROWD, REASON, USER, FakeService, item, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.llm_explain.service.shopfront.chromium import Visit

OPENED = "() => [...document.querySelectorAll('why-this')].map((card) => card.hasAttribute('open'))"


def opened(visit: Callable[..., Visit], site: str, shop: FakeService, query: str = "") -> Page:
    """Open the page of cards and the first card's reasons."""
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?{query}")
    page.get_by_role("button", name="Why?").first.click()
    return page


def test_it_shows_the_sentence_the_reasons_and_their_weight(visit, site, shop):
    page = opened(visit, site, shop)
    expect(page.get_by_text("You bought this 12 times.").first).to_be_visible()
    reasons = page.get_by_role("list", name="What speaks for it").get_by_role("listitem")
    expect(reasons).to_contain_text(
        [
            re.compile("Bought 12 times, last on 29 November 2017.*66%"),
            re.compile("More than 1,000 customers in 30 days.*33%"),
        ]
    )
    page.get_by_role("button", name="Hide").click()
    expect(reasons.first).to_be_hidden()


def test_the_weight_is_drawn_as_told(visit, site, shop):
    page = opened(visit, site, shop)
    bars = page.locator("why-this").first.locator(".bar")
    widths = bars.evaluate_all("bars => bars.map((bar) => bar.firstChild.offsetWidth / bar.offsetWidth)")
    assert [round(width, 2) for width in widths] == [0.67, 0.33]


def test_cards_of_one_page_ask_together(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    new.open(f"{site}/card?n=4")
    expect(new.page.locator("why-this[state=ready]")).to_have_count(4)
    assert shop.bodies("/explanations") == [
        {"user_id": USER, "item_ids": ["i1", "i2", "i3", "i4"], "detail": "full", "locale": "en"}
    ]


def test_an_item_that_the_shop_does_not_know_does_not_silence_the_others(visit, site):
    new = visit()
    FakeService([item("i1"), item("i3")]).attach(new.page)
    new.open(f"{site}/card?n=3")
    expect(new.page.locator("why-this[state=ready]")).to_have_count(2)
    expect(new.page.locator("why-this[item=i2]")).to_have_attribute("state", "error")
    new.complaints.clear()  # Chromium notes the refused requests


def test_a_record_that_the_page_has_is_not_asked_for(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=1")
    page.evaluate("told => { document.querySelector('why-this').record = told }", record("i1", "Told by the page."))
    expect(page.get_by_text("Told by the page.")).to_be_visible()
    assert len(shop.bodies("/explanations")) == 1


def test_thumbs_are_sent_and_stay_pressed(visit, site, shop):
    page = opened(visit, site, shop)
    card = page.locator("why-this").first
    card.get_by_role("button", name="Not helpful").click()
    expect(card.get_by_role("status")).to_have_text("Thank you. Noted.")
    expect(card.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")
    card.get_by_role("button", name="Helpful", exact=True).click()
    expect(card.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "false")
    card.get_by_role("button", name="This isn’t true").click()
    expect(card.get_by_role("button", name="This isn’t true")).to_have_count(0)
    told = record("i1")["id"]
    verdicts = ["not_helpful", "helpful", "wrong"]
    assert shop.bodies("/feedback") == [{"explanation_id": told, "verdict": verdict} for verdict in verdicts]


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


def test_it_says_why_not_another_one_of_the_page(visit, site, shop):
    page = opened(visit, site, shop, "n=3")
    card = page.locator("why-this").first
    choice = card.get_by_label("Why not another one?")
    assert choice.locator("option").all_text_contents() == ["Choose a product", "Cheese i2", "Cheese i3"]
    choice.select_option("Cheese i3")
    expect(card.get_by_text("Cheese i1 scores higher, by 1.25.")).to_be_visible()
    sides = card.locator(".side")
    expect(sides.nth(0)).to_contain_text(
        re.compile("Speaks for Cheese i1.*Your history: cheese.*1.00.*The product itself.*0.50")
    )
    expect(sides.nth(1)).to_contain_text(re.compile("Speaks for Cheese i3.*Popularity of the last weeks.*0.25"))
    assert shop.bodies("/contrast") == [{"user_id": USER, "item_id": "i1", "other_id": "i3"}]


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


def test_a_failed_request_is_told_and_can_be_tried_again(visit, site, shop):
    shop.failing = {"/explanations": 500}
    new = visit()
    shop.attach(new.page)
    new.open(f"{site}/card?n=1", until="why-this[state=error]")
    expect(new.page.get_by_role("alert")).to_have_text("The reason could not be loaded.")
    assert accessibility_faults(new.page) == []
    shop.failing = {}
    new.page.get_by_role("button", name="Try again").click()
    expect(new.page.get_by_text("You bought this 12 times.")).to_be_visible()
    new.complaints.clear()  # Chromium notes the failed request


def test_a_button_that_failed_says_so_and_works_the_next_time(visit, site, shop):
    shop.failing = {"/feedback": 503}
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=1")
    thumb = page.get_by_role("button", name="Helpful", exact=True)
    thumb.click()
    expect(page.get_by_role("status")).to_have_text("That did not work. Please try again.")
    expect(thumb).to_have_attribute("aria-pressed", "false")
    shop.failing = {}
    thumb.click()
    expect(thumb).to_have_attribute("aria-pressed", "true")
    new.complaints.clear()  # Chromium notes the failed request


def test_on_a_slow_network_it_says_that_it_waits(visit, site, shop):
    new = visit()
    held = []
    new.page.route("**/v1/**", lambda route: held.append(route))
    new.page.clock.install()
    new.open(f"{site}/card?n=1", until="why-this[state=loading]")
    expect(new.page.get_by_role("group", name="Why this is recommended")).to_have_attribute("aria-busy", "true")
    new.page.clock.run_for(5000)
    expect(new.page.get_by_role("status")).to_have_text("This is taking longer than usual.")
    held[0].fulfill(json={"items": [shop.explained("i1")]})
    expect(new.page.get_by_text("You bought this 12 times.")).to_be_visible()
    expect(new.page.get_by_role("status")).to_be_empty()


def test_it_speaks_chinese_where_the_page_does(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=2&attributes=locale=zh")
    page.get_by_role("button", name="为什么？").first.click()
    expect(page.get_by_role("list", name="推荐它的理由").first).to_contain_text("买过 12 次，最近一次是 2017年11月29日")
    assert shop.bodies("/explanations")[0]["locale"] == "zh"


def test_it_asks_in_the_fallback_language_for_one_that_has_no_words(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    new.open(f"{site}/card?n=1&attributes=locale=xx")
    assert shop.bodies("/explanations")[0]["locale"] == "en"
    new.complaints.clear()  # Chromium notes the missing file


def test_a_keyboard_reaches_and_works_everything(visit, site, shop):
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}/card?n=2")
    focused = (
        "() => { const within = document.activeElement.shadowRoot?.activeElement; return within?.textContent ?? '' }"
    )
    seen = []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for _ in range(6):
        seen.append(page.evaluate(focused))
        page.keyboard.press("Tab")
    assert seen[:6] == ["Hide", "Helpful", "Not helpful", "Don’t use this", "Don’t tell me this", seen[5]]
    assert seen[5].startswith("Choose a product")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()


def test_it_is_accessible_open_and_closed(visit, site, shop):
    page = opened(visit, site, shop)
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
