"""The panel's address: kept, shared, cited, come back to, and links that ask for too much."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.test_browser_pages import DESK, PHONE, watched
from browser.test_browser_repool import PAGES, QUESTION, open_panel

OTHER = "safety-dizziness"


def visit(page: Page, site: str, query: str) -> None:
    page.goto(f"{site}/{PAGES[QUESTION]}.html?{query}", wait_until="load")


def test_an_address_says_what_is_chosen_by_names_that_stay(page: Page, site: str) -> None:
    """Links are cited in print: what they are made of must never change."""
    panel = open_panel(page, site)
    panel.get_by_label("Model").select_option("DL")
    panel.get_by_label("Interval").select_option("z")
    panel.get_by_role("checkbox", name="Fu 2020").uncheck()
    said = parse_qs(urlsplit(page.url).query)
    version = said.pop("data")
    assert len(version) == 1
    assert said == {
        "repool": [QUESTION],
        "studies": ["fedgchin2019 ionescu2021 takahashi2021"],
        "model": ["DL"],
        "interval": ["z"],
    }
    assert urlsplit(page.url).fragment == f"repool-{QUESTION}"


def test_a_link_without_its_anchor_opens_the_panel_as_well(page: Page, site: str) -> None:
    visit(page, site, f"repool={QUESTION}&studies=fu2020+takahashi2021&model=EE&interval=z")
    panel = page.locator(f"#repool-{QUESTION}")
    expect(panel.locator(".result")).to_contain_text("2 studies")
    expect(panel).to_be_in_viewport()
    expect(panel.get_by_label("Model")).to_have_value("EE")
    expect(panel.get_by_label("Interval")).to_have_value("z")


def test_a_link_can_neither_break_the_panel_nor_put_words_into_its_mouth(
    page: Page, site: str
) -> None:
    _, complaints = watched(page)
    visit(
        page,
        site,
        f"repool={QUESTION}&studies=fu2020+takahashi2021+<b>Call+0800-123</b>+{'x' * 50}+gone2001"
        "&model=toString&interval=constructor&data=the+truth",
    )
    panel = page.locator(f"#repool-{QUESTION}")
    status = panel.locator(".result")
    expect(status).to_contain_text("2 studies")
    expect(panel.get_by_label("Model")).to_have_value("REML")
    expect(panel.get_by_label("Interval")).to_have_value("hksj_floor")
    for said in (
        "No longer among the studies of this question: gone2001, 3 names unknown here.",
        "The link’s model is not one of those here.",
        "The link’s interval is not one of those here.",
        "made with an unknown data version",
    ):
        expect(status).to_contain_text(said)
    text = status.inner_text()
    assert not re.search("0800|Call|xxx|truth|∞", text)
    assert panel.locator("b").count() == 0
    assert complaints == []


def test_a_link_with_the_same_people_twice_leaves_one_out_and_says_so(
    page: Page, site: str
) -> None:
    visit(page, site, f"repool={QUESTION}&studies=daly2019+fedgchin2019+fu2020")
    status = page.locator(f"#repool-{QUESTION} .result")
    expect(status).to_contain_text("2 studies")
    expect(status).to_contain_text("Left out, because their people would count twice: Daly 2019.")


def test_a_link_that_names_no_studies_shows_the_reviews(page: Page, site: str) -> None:
    visit(page, site, f"repool={QUESTION}&model=EE")
    panel = page.locator(f"#repool-{QUESTION}")
    expect(panel.locator(".result")).to_contain_text("4 studies")
    expect(panel.get_by_label("Model")).to_have_value("EE")


def test_what_a_link_could_not_have_is_said_until_the_reader_changes_something(
    page: Page, site: str
) -> None:
    visit(page, site, f"repool={QUESTION}&studies=gone2001+fu2020")
    panel = page.locator(f"#repool-{QUESTION}")
    expect(panel.locator(".result")).to_contain_text("gone2001")
    panel.get_by_role("checkbox", name="Takahashi 2021").check()
    expect(panel.locator(".result")).not_to_contain_text("gone2001")


def test_a_link_to_a_question_that_is_gone_says_so_in_its_own_words(page: Page, site: str) -> None:
    visit(page, site, "repool=withdrawn-question&studies=fu2020")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("does not pool, or no longer does")
    expect(alert).not_to_contain_text("withdrawn")
    expect(page.locator("details.repool[open]")).to_have_count(0)


def test_two_panels_of_a_page_leave_each_other_alone(page: Page, site: str) -> None:
    first = open_panel(page, site)
    second = page.locator(f"#repool-{OTHER}")
    second.evaluate("part => { for (; part; part = part.parentElement) part.open = true; }")
    second.locator("table").wait_for()
    first.get_by_label("Model").select_option("DL")
    address = page.url
    expect(second.get_by_label("Model")).to_have_value("REML")
    second.get_by_role("button", name="Back to the review’s result").click()
    assert page.url == address  # the first panel's selection is still the page's
    second.get_by_label("Model").select_option("EE")
    assert f"repool={OTHER}" in page.url
    expect(first.get_by_label("Model")).to_have_value("DL")
    ids = page.eval_on_selector_all("[id]", "parts => parts.map(part => part.id)")
    assert len(ids) == len(set(ids))


def test_the_browsers_way_back_leads_to_the_selection_as_it_was_left(
    page: Page, site: str
) -> None:
    panel = open_panel(page, site)
    for name in ("Fu 2020", "Ionescu 2021"):
        panel.get_by_role("checkbox", name=name).uncheck()
    left = panel.locator(".result").inner_text()
    page.goto(f"{site}/chapters/table.html", wait_until="load")
    page.go_back(wait_until="load")  # one step, not one for each tick
    again = page.locator(f"#repool-{QUESTION} .result")
    expect(again).to_have_text(left, use_inner_text=True)


def test_link_and_citation_are_copied_whole(browser: Browser, site: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    panel = open_panel(page, site)
    panel.get_by_role("checkbox", name="Fu 2020").uncheck()
    panel.get_by_role("button", name="Copy link and citation").click()
    expect(panel.get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    for part in (
        "Own selection, not the review’s result: Fedgchin 2019; Ionescu 2021; Takahashi 2021;",
        "data version 20",
        "3 studies",
        "95% CI",
        page.url,
    ):
        assert part in copied
    panel.get_by_role("checkbox", name="Fu 2020").check()
    expect(panel.get_by_text("Copied.")).to_have_count(0)
    panel.get_by_role("button", name="Copy link and citation").click()
    expect(panel.get_by_text("Copied.")).to_be_visible()
    assert "The review’s result: Fedgchin" in page.evaluate("navigator.clipboard.readText()")
    context.close()


def test_without_a_clipboard_the_citation_is_shown(page: Page, site: str) -> None:
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error());")
    panel = open_panel(page, site)
    panel.get_by_role("button", name="Copy link and citation").click()
    shown = panel.locator("span[role=status]")
    expect(shown).to_contain_text("The review’s result: Fedgchin 2019")
    expect(shown).to_contain_text("repool=")


def test_what_could_not_be_loaded_is_said_and_tried_again(page: Page, site: str) -> None:
    lost = "**/repool-words.js"
    page.route(lost, lambda route: route.abort())
    page.goto(f"{site}/{PAGES[QUESTION]}.html", wait_until="load")
    panel = page.locator(f"#repool-{QUESTION}")
    panel.evaluate("part => { for (; part; part = part.parentElement) part.open = true; }")
    expect(panel.get_by_role("alert")).to_contain_text("could not be loaded")
    page.unroute(lost)
    panel.locator("summary").click()
    panel.locator("summary").click()
    expect(panel.locator(".result")).to_contain_text("The review’s result.")
    expect(panel.get_by_role("alert")).to_have_count(0)


def test_keep_only_one_kind_after_another_never_ends_with_nothing(page: Page, site: str) -> None:
    panel = open_panel(page, site)
    kinds = panel.get_by_role("group", name="Keep only").get_by_role("button")
    expect(kinds).to_have_count(2)
    kept = []
    for i in (0, 1, 0):
        kinds.nth(i).click()
        kept.append(
            panel.locator("tr:has(input:checked)").evaluate_all(
                "rows => rows.map(row => row.querySelector('label').textContent.trim())"
            )
        )
    assert kept[0] == kept[2] != []
    assert kept[1] != []
    assert not set(kept[0]) & set(kept[1])
    expect(panel.locator(".result")).to_contain_text("not the review’s result")


def test_keep_only_finds_studies_that_the_review_does_not_pool(page: Page, site: str) -> None:
    panel = open_panel(page, site, "fm-responders-single-arm")
    panel.get_by_role("button", name="subcutaneous").click()
    expect(panel.get_by_role("checkbox", checked=True)).not_to_have_count(0)
    expect(panel.locator(".result")).not_to_contain_text("0 studies")


def test_fingers_find_every_part_of_the_panel(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    page = context.new_page()
    panel = open_panel(page, site)
    small = panel.evaluate(
        """panel => [...panel.querySelectorAll("summary, button, select, tbody label, .actions a")]
             .filter(part => part.getBoundingClientRect().height < 44)
             .map(part => part.outerHTML)"""
    )
    assert small == []
    panel.get_by_role("checkbox", name="Fu 2020").tap()
    expect(panel.locator(".result")).to_contain_text("3 studies")
    context.close()


def test_on_a_phone_the_result_stays_in_sight_while_studies_are_ticked(
    page: Page, site: str
) -> None:
    page.set_viewport_size(PHONE)
    panel = open_panel(page, site)
    panel.get_by_role("checkbox").first.evaluate("box => box.scrollIntoView()")
    pooled = panel.locator("tr.pooled")
    expect(pooled).to_contain_text("The review’s result")
    panel.get_by_role("checkbox").first.uncheck()
    expect(pooled).to_be_in_viewport(ratio=1)
    expect(pooled).to_contain_text("Your own selection")
    expect(panel.locator(".scroll")).not_to_have_attribute("tabindex", "0")  # nothing to scroll


def test_an_opened_panel_is_printed_and_a_closed_one_is_not(page: Page, site: str) -> None:
    page.set_viewport_size(DESK)
    panel = open_panel(page, site)
    panel.get_by_role("checkbox", name="Fu 2020").uncheck()
    parts = page.locator("article details[open]")
    before = parts.count()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert parts.count() > before
    page.emulate_media(media="print")
    expect(panel.locator(".result")).to_be_visible()
    expect(panel.get_by_text("Your own selection, not the review’s result.")).to_be_visible()
    expect(panel.get_by_role("button")).to_have_count(0)
    expect(page.locator(f"#repool-{OTHER}")).to_be_hidden()
    assert page.locator("details.repool[open]").count() == 1
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert parts.count() == before


def test_paper_is_white_whatever_the_screen_was(page: Page, site: str) -> None:
    page.emulate_media(color_scheme="dark", media="print")
    page.goto(f"{site}/{PAGES[QUESTION]}.html", wait_until="load")
    ink, ground = page.evaluate(
        """["color", "backgroundColor"].map(name => getComputedStyle(document.body)[name]
             .match(/[0-9]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0))"""
    )
    assert ink < 150
    assert ground > 700


def test_the_reviews_own_result_stays_beside_a_selection(page: Page, site: str) -> None:
    panel = open_panel(page, site)
    review, prediction = panel.locator("tr.review"), panel.locator("tr.prediction")
    expect(review).to_be_hidden()
    expect(prediction).to_be_visible()
    first = panel.locator("tr.pooled .effect").inner_text()
    panel.get_by_role("checkbox", name="Fu 2020").uncheck()
    expect(review).to_be_visible()
    expect(review).to_contain_text(first)
    expect(panel).to_have_class(re.compile(r"\bown\b"))
    panel.get_by_role("checkbox", name="Ionescu 2021").uncheck()
    expect(prediction).to_be_hidden()  # two studies allow none
    expect(panel.locator(".lines")).to_contain_text("No prediction interval")
    link = panel.get_by_role("link", name="Link to this selection").get_attribute("href")
    assert link == page.url
    panel.get_by_role("button", name="Back to the review’s result").click()
    expect(review).to_be_hidden()
    expect(panel).not_to_have_class(re.compile(r"\bown\b"))


def test_a_left_out_study_is_hollow_and_lines_end_where_the_axis_ends(
    page: Page, site: str
) -> None:
    panel = open_panel(page, site)
    daly = panel.locator("tbody tr", has_text="Daly 2019")
    expect(daly.locator("rect")).to_have_class("left-out")
    expect(panel.locator("tbody tr", has_text="Fu 2020").locator("rect")).to_have_class("chosen")
    assert daly.locator("svg.interval .tip").count() == 1  # its interval goes on to the right
    ends = panel.locator("tbody line.interval").evaluate_all(
        "lines => lines.map(line => [line.x1, line.x2].map(x => x.baseVal.valueInSpecifiedUnits))"
    )
    assert all(0 <= low < high <= 100 for low, high in ends)
    squares = panel.locator("rect.chosen").evaluate_all(
        "squares => squares.map(square => square.width.baseVal.value ** 2)"
    )
    weights = [
        float(text) for text in panel.locator("tbody .weight").all_inner_texts() if text != "–"
    ]
    shares = [square / weight for square, weight in zip(squares, weights, strict=True)]
    assert max(shares) == pytest.approx(min(shares), rel=0.01)  # area stands for weight


def test_a_diamond_wider_than_the_axis_has_an_arrow_at_each_end_that_goes_on(
    page: Page, site: str
) -> None:
    panel = open_panel(page, site, "safety-vertigo")
    while panel.locator("input:checked").count() > 2:
        panel.locator("input:checked").first.uncheck()
    low, high = map(
        float, re.findall(r"\d+\.?\d*", panel.locator("tr.pooled .effect").inner_text())[1:]
    )
    first, *_, last = map(float, panel.locator(".tick").all_text_contents())
    assert low <= first  # as printed
    assert high > last
    expect(panel.locator("tr.pooled svg.diamond .tip")).to_have_count(2)
    panel.get_by_label("Interval").select_option("z")
    expect(panel.locator("tr.pooled svg.diamond .tip")).to_have_count(0)


def test_an_uncontrolled_result_says_so_inside_its_panel_and_its_citation(
    browser: Browser, site: str
) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    panel = open_panel(page, site, "fm-responders-single-arm")
    expect(panel.locator(".result")).to_contain_text("Uncontrolled: not an effect")
    panel.get_by_role("button", name="Copy link and citation").click()
    expect(panel.get_by_text("Copied.")).to_be_visible()
    assert "Uncontrolled: not an effect" in page.evaluate("navigator.clipboard.readText()")
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_row_of_a_figure_is_hit_between_its_marks_as_well(
    page: Page, book: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((book / f"{PAGES[QUESTION]}.html").as_uri(), wait_until="load")
    figure = page.locator(f"#forest-{QUESTION}")
    figure.evaluate("part => { for (; part; part = part.parentElement) part.open = true; }")
    missed = figure.evaluate(
        """figure => [...figure.querySelectorAll("a:has(.row)")].flatMap(link => {
             if (link.getBoundingClientRect().width === 0) return [];
             link.scrollIntoView({block: "center", behavior: "instant"});
             const row = link.getBoundingClientRect(), all = [];
             for (const share of [0.02, 0.25, 0.5, 0.75, 0.98]) {
               const at = document.elementFromPoint(row.left + share * row.width,
                                                    row.top + row.height / 2);
               if (!link.contains(at)) all.push([link.getAttribute("href"), share]);
             }
             return all;
           })"""
    )
    assert missed == []
    # pointer-events: bounding-box is Chromium's own; every browser knows the others.
    rules = page.evaluate("[...document.querySelectorAll('svg style')].map(s => s.textContent)")
    assert any("pointer-events:all" in rule for rule in rules)
    used = figure.locator("a").first.evaluate("link => getComputedStyle(link).pointerEvents")
    assert used != "bounding-box"
