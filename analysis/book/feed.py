"""The book's Atom feed: one entry for each release, with what it changed (RFC 4287)."""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from html import escape
from pathlib import Path

from analysis.evidence.paths import data_directory, project_root
from analysis.living.changelog import evidence_lines
from analysis.living.releases import Release, read_changes, read_releases
from analysis.living.status import read_protocol
from analysis.review.serialise import read_results

ATOM = "http://www.w3.org/2005/Atom"
#: Page of the book that tells what changed, and the anchor of a release on it.
PAGE = "chapters/changes.html"
_NAME = "ketamine-mecfs-review"


def feed() -> bytes:
    """Return the feed as XML, newest release first."""
    root = project_root()
    releases = read_releases(root)
    protocol = read_protocol(data_directory() / "protocol.toml")
    top = ET.Element("feed", xmlns=ATOM)
    _add(top, "title", f"{protocol.title}: what changed")
    _add(top, "id", _identity(""))
    newest = releases[-1].released_on if releases else protocol.started_on.isoformat()
    _add(top, "updated", _moment(newest))
    ET.SubElement(ET.SubElement(top, "author"), "name").text = "The contributors"
    ET.SubElement(top, "link", rel="alternate", href=PAGE)
    for release in reversed(releases):
        top.append(_entry(root, release))
    ET.indent(top)
    return ET.tostring(top, encoding="utf-8", xml_declaration=True) + b"\n"


def anchor(version: str) -> str:
    """Return the anchor of a release on the page of changes."""
    return f"release-{version.replace('.', '-')}"


def _entry(root: Path, release: Release) -> ET.Element:
    results = read_results(root / "data" / "releases" / release.version / "results.json")
    entry = ET.Element("entry")
    _add(entry, "title", f"Version {release.version}")
    _add(entry, "id", _identity(release.version))
    _add(entry, "updated", _moment(release.released_on))
    for name in release.contributors:
        ET.SubElement(ET.SubElement(entry, "contributor"), "name").text = name
    ET.SubElement(entry, "link", rel="alternate", href=f"{PAGE}#{anchor(release.version)}")
    lines = evidence_lines(results, read_changes(root, release.version))
    ET.SubElement(entry, "content", type="html").text = _as_list(lines)
    return entry


def _as_list(lines: Iterable[str]) -> str:
    """Return lines of the change log as HTML, in which nothing that people wrote is markup."""
    plain = (escape(re.sub(r"^- |\*\*|`", "", line)) for line in lines)
    return f"<ul>{''.join(f'<li>{line}</li>' for line in plain)}</ul>"


def _add(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text


def _identity(version: str) -> str:
    """Return an id that stays the same wherever the book is published."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'{_NAME} {version}'.strip())}"


def _moment(day: str) -> str:
    return f"{day}T00:00:00Z"
