"""The book's one style sheet: what it keeps, what it leaves out, how the pages name it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from analysis.book import styles


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (".had{a:b}", ".had{a:b}"),
        (".never{a:b}", ""),
        (".never,.had{a:b}", ".had{a:b}"),
        (".had .never{a:b}", ""),
        ("p:not(.never){a:b}", "p:not(.never){a:b}"),
        (
            ":is(.had:not(.never),p:has(.never)) a,.never{a:b}",
            ":is(.had:not(.never),p:has(.never)) a{a:b}",
        ),
        ("@media print{.never{a:b}}p{a:b}", "p{a:b}"),
        ("@media print{.had{a:b}.never{a:b}}", "@media print{.had{a:b}}"),
        ("/* .never, { */.had{a:b}", ".had{a:b}"),
        (
            '@charset "UTF-8";.had{a:url("data:image/svg+xml;a,b")}',
            '.had{a:url("data:image/svg+xml;a,b")}',
        ),
        ("@font-face{src:url(x)}p{a:b}", "p{a:b}"),
    ],
)
def test_a_rule_stays_if_something_can_have_its_classes(written: str, kept: str) -> None:
    assert styles.used_rules(written, {"had"}).replace("\n", "") == kept


def test_every_page_names_the_sheet_by_its_content(book: Path) -> None:
    sheet = (book / "_static" / styles.SHEET).read_bytes()
    named = f'_static/{styles.SHEET}?v={hashlib.sha256(sheet).hexdigest()[:8]}"'
    pages = [path for path in book.rglob("*.html") if path != book / "index.html"]
    assert [path.name for path in pages if named not in path.read_text(encoding="utf-8")] == []


def test_no_page_asks_for_a_sheet_or_a_script_that_was_taken_out(book: Path) -> None:
    for page in book.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        asked = re.findall(r'(?:href|src)="([^"]*_static/[^"?]+)', text)
        assert [name for name in asked if not (page.parent / name).exists()] == [], page


def test_what_every_page_loads_is_named_by_its_content(book: Path) -> None:
    head = (book / "chapters" / "index.html").read_text(encoding="utf-8").partition("</head>")[0]
    loaded = re.findall(r'(?:href|src)="([^"]*_static/[^"]+)"', head)
    assert len(loaded) > 3
    assert [name for name in loaded if "?v=" not in name] == []


def test_no_script_keeps_a_page_from_being_shown(book: Path) -> None:
    head = (book / "chapters" / "index.html").read_text(encoding="utf-8").partition("</head>")[0]
    scripts = re.findall(r"<script[^>]*\bsrc=[^>]*>", head)
    assert scripts
    assert all("defer" in script for script in scripts)
