"""The demo shop: sections, badges, filters, languages and conversation, with a service that says what a test wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.llm_explain.service.shopfront.chromium import accessibility_faults
from tests.llm_explain.service.shopfront.fake_service import REASON, USER, FakeService, item, record

if TYPE_CHECKING:
    from playwright.sync_api import Page

SHOP = f"/?user={USER}&locale=en"
WHY = "Why Cheese i1 is recommended"


@pytest.fixture
def page(visit, site, shop) -> Page:
    """Return the shop, open."""
    new = visit(viewport={"width": 1280, "height": 900})
    shop.items["i2"]["price"] = 12.5
    shop.items["i3"] |= {"category": "bread", "available": False}
    shop.records["i1"] = record(
        "i1", badges=[{"kind": "lower_price", "facts": {}, "text": "20 % below your last price"}]
    )
    shop.attach(new.page)
    return new.open(f"{site}{SHOP}")


def titles(page: Page) -> list[str]:
    """Return the titles of the list, in its order."""
    return page.locator("#list h3").all_text_contents()


def test_what_is_bought_again_and_what_is_new_stand_apart(page, shop):
    again, new = page.get_by_role("region", name="Buy again"), page.get_by_role("region", name="New for you")
    expect(again.get_by_role("heading", level=3)).to_have_text(["Cheese i1", "Cheese i2"])
    expect(new.get_by_role("heading", level=3)).to_have_text(["Cheese i3", "Cheese i4"])
    expect(again).to_contain_text("20 % below your last price")
    expect(again.locator("why-this").first).to_contain_text("You bought this 12 times.")
    expect(again).to_contain_text("$2.50")
    assert shop.bodies("/recommendations") == [{"user_id": USER, "k": 24, "locale": "en"}]
    assert shop.bodies("/explanations") == [], "the list brings its explanations along"


def test_a_busy_service_is_asked_again_until_it_answers(visit, site, shop):
    shop.n_busy = 6  # the list and the preferences are asked for together
    new = visit()
    new.page.clock.install()
    shop.attach(new.page)
    new.page.goto(f"{site}{SHOP}")
    while shop.n_busy:
        new.page.clock.fast_forward(10_000)
    new.page.clock.fast_forward(20_000)
    expect(new.page.locator("#list h3")).to_have_count(4)
    assert len(shop.bodies("/recommendations") + shop.bodies("/preferences", "GET")) == 8
    new.complaints.clear()  # Chromium notes the refusals


def test_a_shopper_sees_one_disclosure_a_card_and_no_score(page):
    assert page.locator("#list .card").first.locator("button, a, summary").count() == 1, "before it is opened"
    page.get_by_role("button", name=WHY).click()
    assert "1.75" not in page.locator("body").inner_text()


def test_targets_of_the_page_are_44_pixels(page):
    """Its head had controls of 40; a checkbox is reached by its label."""
    boxes = page.locator("button, select, input:not([type=checkbox]), label.check, .skip").evaluate_all(
        "all => all.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect())"
    )
    assert [box for box in boxes if box["width"] and min(box["width"], box["height"]) < 44] == []


def test_filters_are_sent_to_the_service_and_kept(page, shop):
    page.get_by_label("Category").select_option("bread")
    expect(page.locator("#list h3")).to_have_text(["Cheese i3"])
    page.get_by_label("Category").select_option("All categories")
    page.get_by_label("Price").select_option("Up to $10.00")
    expect(page.locator("#list h3")).to_have_text(["Cheese i1", "Cheese i3", "Cheese i4"])
    page.get_by_label("In stock only").check()
    expect(page.locator("#list h3")).to_have_text(["Cheese i1", "Cheese i4"])
    expect(page.get_by_label("In stock only")).to_be_focused()
    asked = shop.bodies("/recommendations")
    assert [body.get("categories") for body in asked] == [None, ["bread"], None, None, None]
    assert [body.get("max_price") for body in asked] == [None, None, None, 10, 10]


def test_filters_that_leave_nothing_can_be_removed(page):
    page.get_by_label("Category").select_option("bread")
    page.get_by_label("In stock only").check()
    expect(page.get_by_text("Nothing fits these filters.")).to_be_visible()
    page.get_by_role("button", name="Remove the filters").click()
    expect(page.locator("#list h3")).to_have_count(4)


def test_history_is_switched_off_and_on_again(page, shop):
    page.get_by_label("Use my history").uncheck()
    expect(page.get_by_role("heading", name="For everyone")).to_be_visible()
    assert shop.bodies("/preferences", "PATCH") == [{"personalised": False}]
    page.locator("#notice").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="For you", exact=True)).to_be_visible()
    assert shop.preferences["personalised"] is True


def test_a_reason_that_is_refused_changes_the_list_and_can_be_undone(page, shop):
    page.get_by_role("button", name=WHY).click()
    page.get_by_role("button", name="Don’t use this").click()
    expect(page.locator("#notice")).to_contain_text("Your choice counts from now on.")
    assert shop.preferences["groups_off"] == [REASON["player"]]
    assert len(shop.bodies("/recommendations")) == 2
    page.locator("#notice").get_by_role("button", name="Undo").click()
    expect(page.locator("#list why-this").first).to_contain_text("You bought this 12 times.")
    assert shop.preferences["groups_off"] == []


@pytest.mark.parametrize(("locale", "title", "label"), [("zh", "为你推荐", "类别"), ("es", "Para ti", "Categoría")])
def test_it_speaks_other_languages(page, shop, locale, title, label):
    page.get_by_label("Language").select_option(locale)
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.get_by_label(label)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == locale
    assert shop.bodies("/recommendations")[-1]["locale"] == locale
    assert page.url.endswith(f"?user={USER}&locale={locale}")
    assert page.get_by_role("contentinfo").get_by_role("link").get_attribute("href")


CONTEXT = {"items": ["i1", "i2"], "focus": "i1", "hidden": [], "last": {"item_id": "i2"}, "intent": "why"}


def turn(text: str, **changes: Any) -> dict[str, Any]:
    """Return an answer of the conversation."""
    return {"text": text, "needs_confirmation": False, "choices": [], "change": None, "context": CONTEXT, **changes}


def test_a_conversation_sends_its_context_back_and_changes_nothing_before_yes(page, shop):
    shop.replies = [
        turn("Which one?", choices=["Cheese i1", "Cheese i2"]),
        turn("You bought this 12 times."),
        turn("Stop using cheese?", needs_confirmation=True),
        turn("Done.", change={"groups_off": ["cheese"]}),
    ]
    page.get_by_role("button", name="Ask", exact=True).click()
    chat = page.get_by_role("dialog", name="Ask about this list")
    box = chat.get_by_label("Your question")
    expect(box).to_be_focused()
    box.fill("why <b>that</b> one?")
    page.keyboard.press("Enter")
    expect(chat.get_by_role("log")).to_contain_text("why <b>that</b> one?")
    chat.get_by_role("button", name="Cheese i1").click()
    expect(chat).to_contain_text("You bought this 12 times.")
    box.fill("stop using cheese")
    chat.get_by_role("button", name="Send").click()
    assert len(shop.bodies("/recommendations")) == 1
    chat.get_by_role("button", name="Yes").click()
    expect(chat).to_contain_text("Done.")
    expect(chat.get_by_role("button", name="Yes")).to_have_count(0)
    sent = shop.bodies("/chat")
    messages = ["why <b>that</b> one?", "Cheese i1", "stop using cheese", "Yes"]
    assert [body["message"] for body in sent] == messages
    shown = {"items": list(shop.items)}
    assert [body["context"] for body in sent] == [shown, *[CONTEXT | shown] * 3], "places are those of the page"
    expect(page.locator("#list h3")).to_have_count(4)
    assert len(shop.bodies("/recommendations")) == 2, "a change loads the list again"
    assert accessibility_faults(page) == []


def test_a_conversation_without_an_answer_says_so(visit, site, shop):
    shop.failing = {"/chat": 500}
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}{SHOP}")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_label("Your question").fill("why?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("There is no answer just now.")
    new.complaints.clear()  # Chromium notes the failed request


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_it_is_accessible_and_fits(visit, site, scheme, width):
    long = "Extraordinarily-long-single-word-title-without-any-place-to-break " * 2
    new = visit(color_scheme=scheme, viewport={"width": width, "height": 800})
    FakeService([item("i1"), item("i2", long, long)]).attach(new.page)
    page = new.open(f"{site}{SHOP}")
    assert accessibility_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_rows_are_compact(visit, site, shop):
    new = visit(viewport={"width": 360, "height": 740}, has_touch=True)
    shop.attach(new.page)
    page = new.open(f"{site}{SHOP}")
    heights = page.locator("#list .card").evaluate_all("cards => cards.map((card) => card.offsetHeight)")
    assert len(heights) == 4
    assert max(heights) <= 110


def test_a_service_that_does_not_answer_is_told_and_tried_again(visit, site, shop):
    shop.failing = {"/recommendations": 500}
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}{SHOP}", until="[data-state=trouble]")
    expect(page.get_by_role("alert")).to_contain_text("The shop’s service does not answer")
    shop.failing = {}
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#list why-this").first).to_contain_text("You bought this 12 times.")
    new.complaints.clear()  # Chromium notes the failed request
