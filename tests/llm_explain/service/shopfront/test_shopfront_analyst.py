"""The analyst's page: its flows, with a service that says what the test wants."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.llm_explain.service.shopfront.chromium import accessibility_faults
from tests.llm_explain.service.shopfront.fake_service import USER, FakeService, item, record

if TYPE_CHECKING:
    from playwright.sync_api import Page


PAGE = f"/static/analyst/index.html?user={USER}&locale=en"


@pytest.fixture
def page(visit, site, shop) -> Page:
    """Return the shop, open."""
    new = visit(viewport={"width": 1280, "height": 900})
    shop.attach(new.page)
    return new.open(f"{site}{PAGE}", until="#grid h3")


def titles(page: Page) -> list[str]:
    """Return the titles of the list, in its order."""
    return page.locator("#grid h3").all_text_contents()


def test_it_shows_what_is_recommended_with_sentences(page, shop):
    expect(page.get_by_role("heading", name="The list of h1")).to_be_visible()
    assert titles(page) == ["Cheese i1", "Cheese i2", "Cheese i3", "Cheese i4"]
    expect(page.locator("#grid .sentence").first).to_contain_text("You bought this 12 times.")
    expect(page.locator("#grid li").first).to_contain_text("$2.50")
    assert shop.bodies("/explanations") == [], "the list brings its explanations along"


def test_another_household_is_chosen_by_the_keyboard(page, shop):
    page.get_by_label("Customer").fill("h2")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile(r"\?user=h2&locale=en$"))
    assert [body["user_id"] for body in shop.bodies("/recommendations")] == [USER, "h2"]


def test_a_switch_re_ranks_live_and_takes_the_sentences_back(page, shop):
    switch = page.get_by_role("switch", name="cheese")
    switch.click()
    expect(page.get_by_role("status").filter(has_text="Without cheese")).to_be_visible()
    assert titles(page) == ["Cheese i4", "Cheese i3", "Cheese i2", "Cheese i1"]
    first = page.locator("#grid li").first
    expect(first).to_contain_text("Was no. 4")
    expect(first.locator(".rose")).to_have_text("↑ 3")
    expect(first.locator(".sentence")).to_be_hidden()
    assert shop.bodies("/what-if") == [{"user_id": USER, "without": ["group:cheese"], "k": 12}]
    expect(switch).to_be_focused()
    page.get_by_role("button", name="Switch back on").click()
    assert titles(page) == ["Cheese i1", "Cheese i2", "Cheese i3", "Cheese i4"]
    expect(switch).to_be_focused()
    expect(switch).to_have_attribute("aria-checked", "true")
    assert shop.preferences["groups_off"] == []


def test_a_trial_is_kept_and_undone(page, shop):
    page.get_by_role("switch", name="cheese").click()
    page.get_by_role("button", name="Keep it off").click()
    notice = page.locator("#notice")
    expect(notice).to_contain_text("Your choice counts from now on.")
    expect(page.get_by_role("switch", name="cheese")).to_have_attribute("aria-checked", "false")
    assert shop.preferences["groups_off"] == ["group:cheese"]
    notice.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("switch", name="cheese")).to_have_attribute("aria-checked", "true")
    assert shop.preferences["groups_off"] == []


def test_what_concerns_the_moment_can_be_tried_but_not_kept(page):
    page.get_by_role("switch", name="Popularity of the last weeks").click()
    expect(page.get_by_role("button", name="Switch back on")).to_be_visible()
    expect(page.get_by_role("button", name="Keep it off")).to_have_count(0)


def test_history_as_a_whole_is_switched_off(page, shop):
    page.get_by_role("switch", name="Use my history").click()
    expect(page.get_by_role("heading", name="Picked for everyone")).to_be_visible()
    expect(page.get_by_role("switch", name="cheese")).to_have_count(0)
    assert shop.preferences["personalised"] is False


def test_the_waterfall_adds_up_to_the_score(page):
    page.get_by_role("button", name="See the working for Cheese i1").click()
    dialog = page.get_by_role("dialog")
    rows = dialog.locator("table").first.locator("tr").all_text_contents()
    assert [row.replace("−", "-") for row in rows] == [
        "Before anything is known-4.00",
        "Your history: cheese+1.50",
        "Popularity of the last weeks+0.75",
        "Score-1.75",
    ]
    bars = dialog.locator(".chart").first.locator("rect")
    boxes = bars.evaluate_all("bars => bars.map((bar) => [bar.x.baseVal.value, bar.width.baseVal.value])")
    ends = [x + width for x, width in boxes]
    scale = boxes[0][1] / 4.0
    assert [round(width / scale, 2) for _, width in boxes] == [4.0, 1.5, 0.75, 1.75]
    assert boxes[2][0] == pytest.approx(ends[1])
    assert ends[3] == pytest.approx(ends[0])


def test_the_record_behind_a_sentence(page, shop):
    shop.stored[record("i1")["id"]] = record("i1")
    page.get_by_role("button", name="See the working for Cheese i1").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="The record", exact=True)).to_be_visible()
    expect(dialog.locator("dl")).to_contain_text("Template: written by hand")
    expect(dialog.locator("dl")).to_contain_text("Checked, no fault found")
    expect(dialog.locator("dl")).to_contain_text("You bought {times}.")
    expect(dialog.locator("dl")).to_contain_text("sha256:aaaaaaaaaaaa…")
    dialog.get_by_role("button", name="Explain again and compare").click()
    expect(dialog.get_by_text("The same text, word for word.")).to_be_visible()
    dialog.get_by_text("The whole record").click()
    expect(dialog.locator("pre")).to_contain_text('"base_value": -4')


def test_contrast_is_drawn(page, shop):
    page.get_by_role("button", name="See the working for Cheese i1").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Choose a product").select_option("Cheese i2")
    expect(dialog.get_by_text("Cheese i1 scores higher, by 1.25.")).to_be_visible()
    expect(dialog.locator("table").last).to_contain_text("Your history: “Cheese”+1.00")
    assert shop.bodies("/contrast") == [{"user_id": USER, "item_id": "i1", "other_id": "i2"}]


def test_the_dialog_is_left_by_escape_and_the_focus_returns(page):
    opener = page.get_by_role("button", name="See the working for Cheese i2")
    opener.focus()
    page.keyboard.press("Enter")
    close = page.get_by_role("dialog").get_by_role("button", name="Close")
    expect(close).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_keyboard_alone_finds_its_way(page, shop):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the recommendations")).to_be_focused()
    for label in ("Customer", "Language"):
        page.keyboard.press("Tab")
        expect(page.get_by_label(label)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Appearance: As the device")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Appearance: Light")).to_be_focused()
    page.keyboard.press("Tab")  # the summary of the switches
    page.keyboard.press("Tab")
    expect(page.get_by_role("switch", name="Use my history")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("switch", name="cheese")).to_have_attribute("aria-checked", "false")
    for _ in range(100):  # the request leaves a moment after the switch has moved
        if shop.bodies("/what-if"):
            break
        page.wait_for_timeout(100)
    assert len(shop.bodies("/what-if")) == 1


def test_it_speaks_chinese(page, shop):
    page.get_by_label("Language").select_option("中文")
    expect(page.get_by_role("heading", name="顾客 h1 的列表")).to_be_visible()
    expect(page.get_by_role("switch", name="使用我的记录")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "zh"
    assert shop.bodies("/recommendations")[-1]["locale"] == "zh"
    assert accessibility_faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(visit, site, shop, scheme):
    new = visit(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    shop.attach(new.page)
    page = new.open(f"{site}{PAGE}", until="#grid h3")
    assert accessibility_faults(page) == []
    page.get_by_role("switch", name="cheese").click()
    expect(page.get_by_role("button", name="Keep it off")).to_be_visible()
    assert accessibility_faults(page) == []
    page.get_by_role("button", name="See the working for Cheese i1").click()
    expect(page.get_by_role("dialog").locator(".chart rect").first).to_be_visible()
    assert accessibility_faults(page) == []


@pytest.mark.parametrize("width", [360, 768, 1024, 1920])
def test_it_fits_every_width(visit, site, width):
    long = "Extraordinarily-long-single-word-title-without-any-place-to-break " * 2
    new = visit(viewport={"width": width, "height": 800})
    FakeService([item("i1", long, long), item("i2")]).attach(new.page)
    page = new.open(f"{site}{PAGE}", until="#grid h3")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#grid .link").first.click()
    page.get_by_role("dialog").locator(".chart rect").first.wait_for()
    assert page.evaluate(
        "document.querySelector('#working').scrollWidth <= document.querySelector('#working').clientWidth"
    )


def test_on_a_phone_the_switches_are_folded(visit, site, shop):
    new = visit(viewport={"width": 360, "height": 740}, has_touch=True)
    shop.attach(new.page)
    page = new.open(f"{site}{PAGE}", until="#grid h3")
    expect(page.get_by_role("switch", name="cheese")).to_be_hidden()
    page.get_by_text("What the list is based on").tap()
    expect(page.get_by_role("switch", name="cheese")).to_be_visible()


def test_a_service_that_does_not_answer_is_told_and_tried_again(visit, site, shop):
    shop.failing = {"/recommendations": 500}
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}{PAGE}", until="[data-state=trouble]")
    expect(page.get_by_role("alert")).to_contain_text("The shop’s service does not answer")
    assert accessibility_faults(page) == []
    shop.failing = {}
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#grid .sentence").first).to_contain_text("You bought this 12 times.")
    new.complaints.clear()  # Chromium notes the failed request


def test_a_service_that_wants_a_key_gets_it_from_the_visitor(visit, site, shop):
    shop.failing = {"/recommendations": 401}
    new = visit()
    shop.attach(new.page)
    page = new.open(f"{site}{PAGE}", until="[data-state=trouble]")
    shop.failing = {}
    page.get_by_label("API key").fill("secret-key")
    with page.expect_request(lambda request: request.headers.get("authorization") == "Bearer secret-key"):
        page.get_by_role("button", name="Use this key").click()
    expect(page.locator("#grid .sentence").first).to_contain_text("You bought this 12 times.")
    assert "secret-key" not in page.url
    assert page.evaluate("localStorage.length && JSON.stringify(localStorage)").find("secret-key") == -1
    new.complaints.clear()  # Chromium notes the refused request


def test_a_trial_that_fails_leaves_the_list_as_it_was(visit, site, shop):
    shop.failing = {"/what-if": 500}
    new = visit(viewport={"width": 1280, "height": 900})
    shop.attach(new.page)
    page = new.open(f"{site}{PAGE}", until="#grid h3")
    page.get_by_role("switch", name="cheese").click()
    expect(page.locator("#notice")).to_contain_text("does not answer")
    expect(page.get_by_role("switch", name="cheese")).to_have_attribute("aria-checked", "true")
    assert titles(page) == ["Cheese i1", "Cheese i2", "Cheese i3", "Cheese i4"]
    new.complaints.clear()  # Chromium notes the failed request


def test_a_product_without_a_sentence_keeps_its_place(visit, site):
    new = visit()
    FakeService([item("i1"), item("i2")], {"i1": record("i1", None)}).attach(new.page)
    page = new.open(f"{site}{PAGE}", until="#grid h3")
    expect(page.locator("#grid li").first).to_contain_text("No reason to give for this one.")
    page.get_by_role("button", name="See the working for Cheese i1").click()
    expect(page.get_by_role("dialog")).to_contain_text(re.compile("Nothing true to say"))


COUNT_MOVES = """window.moves = 0; const animate = Element.prototype.animate;
Element.prototype.animate = function (...how) { window.moves += 1; return animate.apply(this, how) }"""


@pytest.mark.parametrize(("wish", "moves"), [("no-preference", 4), ("reduce", 0)])
def test_tiles_move_unless_less_motion_is_wished(visit, site, shop, wish, moves):
    new = visit(reduced_motion=wish, viewport={"width": 1280, "height": 900})
    shop.attach(new.page)
    new.page.add_init_script(COUNT_MOVES)
    page = new.open(f"{site}{PAGE}", until="#grid h3")
    page.evaluate("window.moves = 0")
    page.get_by_role("switch", name="cheese").click()
    expect(page.get_by_role("button", name="Keep it off")).to_be_visible()
    assert page.evaluate("window.moves") == moves
