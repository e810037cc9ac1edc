"""The verb ``pdf``: the whole book as one PDF, printed by Chromium.

The pages of the built book are put one after another into one page, which the
browser prints. Figures stay drawings, links within the book stay links, and the
contents name page numbers: browsers cannot print those by themselves, so the
book is printed twice and the second time with the numbers of the first.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from markupsafe import Markup

from analysis.book import chromium, styles
from analysis.book.html import fill, joined
from analysis.book.inputs import BUILD
from analysis.book.kept import HTML
from analysis.book.notebooks import page_names

if TYPE_CHECKING:
    from playwright.sync_api import Page

PDF = BUILD / "ketamine-mecfs-review.pdf"
STYLES = (f"_static/{styles.SHEET}", "_static/pygments.css", "_static/print.css")
#: Its name and what it is, as the cover and the file's properties have them.
TITLE, KIND = "Ketamine for ME/CFS", "A living systematic review"
#: What a reader can only use on a screen.
ON_SCREEN = ".repool, .headerlink, script, .figure-narrow"
#: Attributes that name a place in the page, and those that may name several.
_NAMES, _LISTS = ("id", "for", "popovertarget"), ("aria-labelledby", "aria-describedby")
_INNER = re.compile(r"url\(#([^)]+)\)")
#: What Chromium writes of a target: ``/name [12 0 R /XYZ 0 700 0]``, and of the list of pages.
_TARGET = re.compile(rb"/([^\s/\[\]<>()]+) \[(\d+) 0 R /XYZ")
_PAGE = re.compile(rb"(?m)^(\d+) 0 obj\s*<</Type /Page\s")


@dataclass(frozen=True)
class Chapter:
    """One page of the book on its way into the PDF.

    Attributes
    ----------
    name : str
        Its address without ``.html``.
    title : str
        Its heading.
    sections : list of (str, str)
        Anchor and heading of each part.
    body : str
        Its markup, with every name in it made unique within the book.
    """

    name: str
    title: str
    sections: list[tuple[str, str]]
    body: str


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the options of ``pdf``."""
    parser.description = "Print the built book into one PDF."
    parser.add_argument("--output", type=Path, default=PDF, help=f"where to write it ({PDF})")


def run(args: argparse.Namespace) -> int:
    """Print the book; return 1 if there is no book or no browser."""
    if not (HTML / "index.html").exists():
        print("There is no book yet; run `make book` first.", file=sys.stderr)
        return 1
    browser = chromium.find_chromium()
    if browser is None:
        print("No Chromium was found; `make browser` installs one.", file=sys.stderr)
        return 1
    started = time.perf_counter()
    pages = write(HTML, args.output, browser)
    size = args.output.stat().st_size / 1e6
    seconds = time.perf_counter() - started
    print(f"{args.output}: {pages} pages, {size:.1f} MB, {seconds:.0f} s")
    return 0


def write(html: Path, output: Path, browser: str) -> int:
    """Print the book in the folder ``html`` to ``output``; return the number of its pages."""
    status = json.loads((html / "status.json").read_text("utf-8"))
    names = page_names()
    chapters = [chapter((html / f"{name}.html").read_text("utf-8"), name, names) for name in names]
    with chromium.started(browser) as started:
        made = printed(started.new_page(), chapters, html, status)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(made)
    return len(_PAGE.findall(made))


def printed(
    page: Page, chapters: Sequence[Chapter], html: Path, status: Mapping[str, object]
) -> bytes:
    """Return the PDF of the chapters, printed twice, as only the first shows the page numbers.

    Parameters
    ----------
    page : playwright.sync_api.Page
        An empty tab of a Chromium.
    chapters, html, status
        As in :func:`whole`.
    """
    made, numbers = b"", dict[str, int]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.html"
        for _ in range(2):
            path.write_text(whole(chapters, html, status, numbers), encoding="utf-8")
            page.goto(path.as_uri(), wait_until="load", timeout=120_000)
            made = page.pdf(
                prefer_css_page_size=True, print_background=True, outline=True, tagged=True
            )
            numbers = page_numbers(made)
    return made


def page_numbers(pdf: bytes) -> dict[str, int]:
    """Return the page on which each target of a link stands, counted from 1.

    Reads only what Chromium writes: pages as objects of their own in reading
    order, and targets by their names.
    """
    order = {number: place for place, number in enumerate(_PAGE.findall(pdf), start=1)}
    return {
        unquote(name.replace(b"#", b"%").decode()): order[number]
        for name, number in _TARGET.findall(pdf)
        if number in order
    }


def chapter(markup: str, name: str, names: Iterable[str]) -> Chapter:
    """Return a page of the book with everything in it that paper can carry.

    Parameters
    ----------
    markup : str
        The page as it was built.
    name : str
        Its name, such as ``chapters/safety``.
    names : iterable of str
        The names of all pages, to which links lead.
    """
    article = BeautifulSoup(markup, "html.parser").select_one("article")
    if article is None:
        raise ValueError(f"{name}.html has no article")
    for part in article.select(ON_SCREEN):
        part.decompose()
    for part in article.select("details"):
        part["open"] = ""
    known = set(names)
    for tag in article.find_all(True):
        _rename(tag, name, known)
    heading = article.find("h1")
    parts = [
        (str(section["id"]), title.get_text().strip())
        for section in article.select("section section[id]:not(.study-record)")
        if (title := section.find("h2", recursive=False)) is not None
    ]
    called = heading.get_text().strip() if heading else name
    return Chapter(name, called, parts, article.decode_contents())


def anchor(name: str, place: str = "") -> str:
    """Return what a place of a page is called in the whole book."""
    page = PurePosixPath(name).name
    return f"{page}--{place}" if place else page


def _rename(tag: Tag, name: str, known: set[str]) -> None:
    """Make every name that a tag gives or uses the whole book's."""
    for key in _NAMES:
        if key in tag.attrs:
            tag[key] = anchor(name, str(tag[key]))
    for key in _LISTS:
        if key in tag.attrs:
            tag[key] = " ".join(anchor(name, word) for word in str(tag[key]).split())
    for key, value in tag.attrs.items():
        if isinstance(value, str) and "url(#" in value:
            tag[key] = _INNER.sub(lambda found: f"url(#{anchor(name, found[1])})", value)
    for key in ("href", "xlink:href"):
        if key in tag.attrs:
            target = _target(str(tag[key]), name, known)
            if target is None:
                del tag[key]
            else:
                tag[key] = target


def _target(address: str, name: str, known: set[str]) -> str | None:
    """Return where a link leads in the PDF; None if only the files of the book have it."""
    parts = urlsplit(address)
    if parts.scheme:
        return address
    path = PurePosixPath(name).parent.joinpath(parts.path).as_posix() if parts.path else name
    page = _without_dots(path.removesuffix(".html"))
    if page not in known:
        return None
    return "#" + quote(anchor(page, unquote(parts.fragment)))


def _without_dots(path: str) -> str:
    steps: list[str] = []
    for step in path.split("/"):
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def whole(
    chapters: Sequence[Chapter],
    html: Path,
    status: Mapping[str, object],
    numbers: Mapping[str, int],
) -> str:
    """Return the book as one page.

    Parameters
    ----------
    chapters : sequence of Chapter
        Its pages in order.
    html : Path
        The folder of the built book, for its style sheets.
    status : mapping
        ``version``, ``as_of`` and ``last_search`` of the book (``status.json``).
    numbers : mapping of str to int
        Anchor -> page number, where known.
    """
    edition = f"Data version {status['version']}, as of {status['as_of']}"
    links = joined(
        fill('<link rel="stylesheet" href="{address}">', address=(html / sheet).as_uri())
        for sheet in STYLES
    )
    lines = joined(
        fill(
            "<li><p>{link}</p><ol>{parts}</ol></li>",
            link=_line(anchor(each.name), each.title, numbers),
            parts=joined(
                fill("<li>{line}</li>", line=_line(place, title, numbers))
                for place, title in each.sections
            ),
        )
        for each in chapters
    )
    bodies = joined(
        fill(
            '<article class="bd-article" id="{anchor}">{body}</article>',
            anchor=anchor(each.name),
            body=Markup(each.body),  # pages of this book, escaped when they were built
        )
        for each in chapters
    )
    return str(
        fill(
            '<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light"><head>'
            '<meta charset="utf-8"><title>{title}: {kind}</title>{links}<style>@page {{ '
            "@top-left {{ content: {title_string} }} @top-right {{ content: {edition_string} }} }}"
            "@page :first {{ @top-left {{ content: none }} @top-right {{ content: none }} }}"
            '</style></head><body class="book-in-print">{cover}'
            '<nav class="book-contents" aria-label="Contents"><p class="book-kind">Contents</p>'
            "<ol>{lines}</ol></nav>{bodies}</body></html>",
            title=TITLE,
            kind=KIND,
            links=links,
            title_string=_css_string(TITLE),
            edition_string=_css_string(edition),
            cover=_cover(edition, str(status["last_search"])),
            lines=lines,
            bodies=bodies,
        )
    )


def _cover(edition: str, last_search: str) -> Markup:
    """Return the first page."""
    return fill(
        '<header class="book-cover"><p class="book-title">{title}</p>'
        '<p class="book-kind">{kind}</p><p>{edition}.<br>Last search: {last_search}.</p>'
        "<p>By the contributors.<br>Text and data: CC BY 4.0. Code: MIT.</p>"
        "<p>This book informs; it does not advise treatment.<br>"
        "Choosing studies, filtering tables and searching need its web pages.</p></header>",
        title=TITLE,
        kind=KIND,
        edition=edition,
        last_search=last_search,
    )


def _css_string(text: str) -> Markup:
    """Return a text as a string for a style sheet within a page."""
    signs = (sign if sign.isalnum() or sign in " ,.:/-" else f"\\{ord(sign):x} " for sign in text)
    return Markup(f'"{"".join(signs)}"')  # everything that could end the string is escaped


def _line(place: str, title: str, numbers: Mapping[str, int]) -> Markup:
    """Return a line of the contents: a link, and the page where it leads."""
    return fill(
        '<a href="#{address}"><span>{title}</span> <span>{number}</span></a>',
        address=quote(place),
        title=title,
        number=numbers.get(place, ""),
    )
