"""The status line: the same words from Python at the build and from JavaScript when it is read."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import javascript
from analysis.book.notebooks import page_names
from analysis.living.status import Protocol, due, status

DUE = date(2026, 12, 22)
PROTOCOL = Protocol("A review", DUE, 30, False, "", "", "")


@pytest.mark.parametrize("days", [-400, -1, 0, 1, 2, 69, 70, 365, 20_000])
def test_both_languages_say_the_same_on_every_day(days: int) -> None:
    """Days on both sides of clock changes and leap years are among them."""
    today = DUE + timedelta(days=days)
    options = {"scheduled": ["PubMed"], "version": "2026.1.0", "today": today}
    (said,) = due(status(PROTOCOL, [], [], **options))
    call = "([due, y, m, d]) => dueWords(due, new Date(y, m - 1, d, 12))"
    given = [DUE.isoformat(), today.year, today.month, today.day]
    assert javascript.run(["status.js"], call, given) == {"words": said, "days": days}


@pytest.mark.parametrize("name", page_names())
def test_every_page_says_how_current_it_is(book: Path, name: str) -> None:
    text = (book / f"{name}.html").read_text(encoding="utf-8")
    (line,) = BeautifulSoup(text, "html.parser").select(".review-status")
    state = json.loads((book / "status.json").read_text(encoding="utf-8"))
    assert f"Data version {state['version']}" in line.get_text()
    assert line.get("data-next-due", "") == state["next_due"]
