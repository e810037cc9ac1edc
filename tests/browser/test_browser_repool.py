"""The panel for pooling a selection, used as readers use it."""

from __future__ import annotations

import random
from math import log
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from analysis.book import inputs, repool
from analysis.book.notebooks import page_names
from analysis.review import selections
from analysis.review.results import Answer
from analysis.review.serialise import read_results
from browser.test_browser_pages import DESK, PHONE, watched
from selected import allowed, in_python

QUESTION = "safety-nausea"
#: Ticks boxes one by one, off before on, as a reader has to; returns what the panel then says.
CHOOSE = """(panel, asked) => asked.map(({chosen, method, ci}) => {
  const boxes = [...panel.querySelectorAll("input[type=checkbox]")];
  boxes.filter((box, i) => box.checked && !chosen.includes(i)).forEach((box) => box.click());
  boxes.filter((box, i) => !box.checked && chosen.includes(i)).forEach((box) => box.click());
  const [model, interval] = panel.querySelectorAll("select");
  for (const [select, value] of [[model, method], [interval, ci]]) {
    select.value = value;
    select.dispatchEvent(new Event("change"));
  }
  const plain = (part) => part.textContent.replaceAll("\\u00a0", " ");
  const text = (part) => plain(panel.querySelector(part));
  return {
    said: text("[role=status]"),
    interval: text("tr.pooled .effect"),
    lines: [...panel.querySelectorAll(".lines li")].map(plain),
    weights: [...panel.querySelectorAll("tbody .weight")].map((cell) => cell.textContent),
  };
})"""


def pages_by_question() -> dict[str, str]:
    """Return for each question with a panel the page that it is on."""
    found = {}
    for name in page_names():
        path = inputs.BUILD / "html" / f"{name}.html"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for part in text.split('<details class="repool"')[1:]:
            found[part.split('data-question="')[1].split('"')[0]] = name
    return found


PAGES = pages_by_question()


@pytest.fixture(scope="module")
def answers(book: Path) -> dict[str, Answer]:
    """Return the answers that the built book prints."""
    return dict(read_results(book / "data" / "results.json").answers)


def open_panel(page: Page, address: str, question: str = QUESTION) -> Any:
    """Open a page and the panel of a question; return the panel."""
    page.goto(f"{address}/{PAGES[question]}.html", wait_until="load")
    panel = page.locator(f"#repool-{question}")
    panel.evaluate("part => { for (; part; part = part.parentElement) part.open = true; }")
    panel.locator("table").wait_for()
    return panel


def test_every_pooled_question_that_is_drawn_has_a_panel(answers: dict[str, Answer]) -> None:
    assert len(PAGES) > 10
    for name, page in PAGES.items():
        assert repool.offered(answers[name]), page


@pytest.mark.parametrize("question", PAGES)
def test_panel_gives_the_engines_numbers(
    page: Page, site: str, answers: dict[str, Answer], question: str
) -> None:
    requests, complaints = watched(page)
    answer = answers[question]
    choices = random.Random(question)
    free = allowed(answer)
    asked = [
        {
            "chosen": choices.choice(free),
            "method": choices.choice(selections.METHODS),
            "ci": choices.choice(selections.INTERVALS),
        }
        for _ in range(50)
    ]
    panel = open_panel(page, site, question)
    for one, got in zip(asked, panel.evaluate(CHOOSE, asked), strict=True):
        expected = in_python(answer, one)
        assert expected["sentence"] in got["said"], one
        assert expected["direction"] in got["said"], one
        assert f"{expected['people']} people" in got["said"], one
        assert got["lines"][: len(expected["heterogeneity"])] == expected["heterogeneity"], one
        assert got["interval"] == (expected["interval"] or "–"), one
        weights = [weight for weight in got["weights"] if weight != "–"]
        assert weights == (expected["weights"] or []), one
    assert complaints == []
    assert [url for url in requests if not url.startswith((site, "data:"))] == []


def test_the_review_comes_first_and_is_one_click_back(
    page: Page, site: str, answers: dict[str, Answer]
) -> None:
    panel = open_panel(page, site)
    status, answer = panel.locator(".result"), answers[QUESTION]
    rows = selections.selectable(answer)
    review = {
        "chosen": [i for i, row in enumerate(rows) if row.pooled],
        "method": answer.pooled.method,
        "ci": answer.pooled.ci_method,
    }
    start = f"The review’s result. {answer.k} studies"
    expect(status).to_contain_text(start)
    expect(status).to_contain_text(in_python(answer, review)["sentence"])
    panel.get_by_label("Model").select_option("EE")
    panel.get_by_role("checkbox").first.uncheck()
    expect(status).to_contain_text("Your own selection, not the review’s result.")
    assert "repool=" in page.url
    panel.get_by_role("button", name="Back to the review’s result").click()
    expect(status).to_contain_text(start)
    assert "repool=" not in page.url


@pytest.mark.parametrize("where", ["site", "folder"])
def test_a_shared_link_restores_the_selection(
    browser: Browser, page: Page, site: str, book: Path, where: str
) -> None:
    address = site if where == "site" else book.as_uri()
    panel = open_panel(page, address)
    panel.get_by_label("Model").select_option("DL")
    panel.get_by_label("Interval").select_option("z")
    panel.get_by_role("checkbox", name="Fu 2020").uncheck()
    said = panel.locator(".result").inner_text()
    link = panel.get_by_role("link", name="Link to this selection").get_attribute("href")
    assert link == page.url
    context = browser.new_context()
    other = context.new_page()
    requests, complaints = watched(other)
    other.goto(link, wait_until="load")
    shared = other.locator(f"#repool-{QUESTION}")
    expect(shared.locator(".result")).to_have_text(said, use_inner_text=True)
    expect(shared).to_be_in_viewport()
    expect(shared.get_by_label("Model")).to_have_value("DL")
    expect(shared.get_by_role("checkbox", name="Fu 2020")).not_to_be_checked()
    assert complaints == []
    assert [url for url in requests if not url.startswith((address, "data:"))] == []
    context.close()


def test_a_link_says_what_has_changed_since_it_was_made(page: Page, site: str) -> None:
    query = f"repool={QUESTION}&studies=fu2020+gone2001+takahashi2021&model=XX&data=2020.0.0"
    page.goto(f"{site}/{PAGES[QUESTION]}.html?{query}", wait_until="load")
    status = page.locator(f"#repool-{QUESTION} .result")
    expect(status).to_contain_text("No longer among the studies of this question: gone2001.")
    expect(status).to_contain_text("made with data version 2020.0.0")
    expect(status).to_contain_text("2 studies")


def test_studies_of_the_same_people_shut_each_other_out(page: Page, site: str) -> None:
    panel = open_panel(page, site)
    daly = panel.get_by_role("checkbox", name="Daly 2019")
    expect(daly).to_be_disabled()
    expect(daly).to_have_accessible_description(
        "Holds people of Fedgchin 2019, who would count twice."
    )
    panel.get_by_role("checkbox", name="Fedgchin 2019").uncheck()
    expect(daly).to_be_enabled()
    daly.check()
    expect(panel.get_by_role("checkbox", name="Fedgchin 2019")).to_be_disabled()


def test_keep_only_leaves_out_the_others(page: Page, site: str) -> None:
    panel = open_panel(page, site)
    before = panel.locator("input:checked").count()
    panel.get_by_role("group", name="Keep only").get_by_role("button").first.click()
    assert 0 < panel.locator("input:checked").count() < before


def test_one_study_or_none_is_not_pooled(page: Page, site: str) -> None:
    panel = open_panel(page, site)
    while panel.locator("input:checked").count():
        panel.locator("input:checked").first.uncheck()
    status = panel.locator(".result")
    expect(status).to_contain_text("0 studies, 0 people. No study is chosen")
    panel.get_by_role("checkbox", name="Fu 2020").check()
    expect(status).to_contain_text("Nothing is pooled: one study cannot be pooled with itself")
    expect(panel.locator("tr.pooled .effect")).to_have_text("–")
    assert panel.locator("tr.pooled path.diamond").count() == 0


def test_diamond_ends_where_its_interval_ends(
    page: Page, site: str, answers: dict[str, Answer]
) -> None:
    panel = open_panel(page, site)
    panel.get_by_label("Interval").select_option("z")
    panel.get_by_label("Model").select_option("EE")
    tick = page.evaluate(
        """panel => [...panel.querySelectorAll(".between")].map(mark => {
             const box = mark.getBoundingClientRect();
             return [Number(mark.textContent), box.left + box.width / 2];
           })""",
        panel.element_handle(),
    )
    (low_tick, low_at), (high_tick, high_at) = tick[0], tick[-1]
    answer = answers[QUESTION]
    rows = selections.selectable(answer)
    chosen = [i for i, row in enumerate(rows) if row.pooled]
    said = in_python(answer, {"chosen": chosen, "method": "EE", "ci": "z"})["interval"]
    own = [float(part.strip("[],")) for part in said.split()[1:]]
    # The review's own result stays, hollow, where it is in the figure.
    reviewed = [answer.pooled.ci_low, answer.pooled.ci_high]
    assert own != pytest.approx(reviewed, rel=0.05)
    # The tip of an outline is sharp, and so its stroke goes on a little.
    marks = (("tr.pooled path.diamond", own, 1.5), ("path.reference", reviewed, 4))
    for mark, ends, near in marks:
        box = panel.locator(mark).bounding_box()
        for end, place in zip(ends, (box["x"], box["x"] + box["width"]), strict=True):
            share = log(end / low_tick) / log(high_tick / low_tick)
            assert place == pytest.approx(low_at + share * (high_at - low_at), abs=near), mark


def test_every_control_is_reached_and_worked_by_keyboard(page: Page, site: str) -> None:
    page.set_viewport_size(DESK)
    page.goto(f"{site}/{PAGES[QUESTION]}.html", wait_until="load")
    panel = page.locator(f"#repool-{QUESTION}")
    panel.evaluate(
        "part => { for (let p = part.parentElement; p; p = p.parentElement) p.open = true; }"
    )
    panel.locator("summary").evaluate(
        "summary => { const all = [...document.querySelectorAll('summary')];"
        " all[all.indexOf(summary) - 1].focus(); }"
    )
    active = "document.activeElement.closest('details.repool')?.id"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate(active) == f"repool-{QUESTION}":
            break
    page.keyboard.press("Enter")
    panel.locator("table").wait_for()
    status = panel.locator(".result")
    reached, changed = [], 0
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(active) != f"repool-{QUESTION}":
            break
        kind, name, outline = page.evaluate(
            """() => { const at = document.activeElement, seen = getComputedStyle(at);
                 return [at.type || at.tagName, at.textContent || at.labels?.[0]?.textContent,
                         seen.outlineStyle !== "none" && parseFloat(seen.outlineWidth) >= 2]; }"""
        )
        assert outline, (kind, name)
        reached.append(kind)
        before = status.inner_text()
        if kind == "checkbox":
            page.keyboard.press("Space")
        elif kind == "select-one":
            page.keyboard.press("ArrowDown")
        changed += status.inner_text() != before
    assert reached.count("select-one") == 2
    assert reached.count("checkbox") == panel.locator("input:not(:disabled)").count()
    assert reached.count("A") == 1
    assert reached.count("button") == panel.locator("button").count()
    assert changed >= reached.count("checkbox") + 2
    page.keyboard.press("Shift+Tab")
    for _ in range(2):
        page.keyboard.press("Shift+Tab")
    assert "Back" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(status).to_contain_text("The review’s result.")


def test_a_screen_reader_is_told_what_is_there_and_what_changes(page: Page, site: str) -> None:
    panel = open_panel(page, site)
    tree = panel.aria_snapshot()
    for part in (
        '- combobox "Model"',
        '- combobox "Interval"',
        '- group "Keep only"',
        'table "Studies to pool: Nausea',
        '- columnheader "Study"',
        '- rowheader "The review’s result"',
        '- checkbox "Fu 2020" [checked]',
        '- checkbox "Daly 2019" [disabled]',
        "- status:",
        '- button "Back to the review’s result"',
        '- link "Link to this selection"',
    ):
        assert part in tree, part
    assert "- img" not in tree  # the plot repeats what the cells say
    status = panel.locator("div[role=status]")
    before = status.element_handle()
    panel.get_by_role("checkbox", name="Fu 2020").uncheck()
    expect(status).to_contain_text("3 studies")
    assert status.evaluate("(now, then) => now === then", before)  # changed, not replaced


@pytest.mark.parametrize("size", [PHONE, DESK, {"width": 320, "height": 700}])
def test_panel_never_widens_the_page(page: Page, site: str, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    open_panel(page, site)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_scripts_figure_and_table_remain(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{PAGES['fm-responders-single-arm']}.html", wait_until="load")
    assert not page.locator("#repool-fm-responders-single-arm").is_visible()
    figure = page.locator("#forest-fm-responders-single-arm")
    assert figure.locator("svg").first.is_visible()
    figure.get_by_text("In numbers").click()
    assert figure.locator("table").is_visible()
    context.close()


def test_nothing_of_the_panel_is_loaded_before_it_is_opened(page: Page, site: str) -> None:
    requests, _ = watched(page)
    page.goto(f"{site}/{PAGES[QUESTION]}.html", wait_until="load")
    loaded = [url for url in requests if "repool" in url]
    assert [url.split("?")[0].rsplit("/", 1)[1] for url in loaded] == ["repool.js"]
