"""Every DOI written down anywhere was seen in a source, and is a whole DOI."""

from __future__ import annotations

import ast
import csv
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: A registrant, a slash, and all that follows; the name is trimmed by :func:`dois`.
DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"'`|{}\\]+")
#: Pages of publishers, whose addresses may hold a DOI with more behind it.
PAGE = re.compile(r"https?://(?!(?:dx\.)?doi\.org/)\S+")
#: What introduces a DOI: after it a digit must begin a whole one.
INTRODUCED = re.compile(r"(?:doi\.org/|\bdoi:\s*)(?=\d)(\S+)", re.I)

#: Works that code and tests lean on and no page cites, with the place where each was seen:
#: help = the reference lists of the help pages of the R packages metafor 3.8-1 and metadat 1.2-0.
METHODS = {
    "10.1002/(SICI)1097-0258(19990215)18:3<321::AID-SIM28>3.0.CO;2-P": "Normand 1999; help",
    "10.1002/jrsm.1053": "Olkin, Dahabreh & Trikalinos 2012; help",
    "10.1002/jrsm.1095": "Stanley & Doucouliagos 2014; help",
    "10.1002/jrsm.1429": "Shi et al. 2020; news of the R package meta",
    "10.1002/jrsm.35": "Konstantopoulos 2011; help",
    "10.1002/sim.1040": "van Houwelingen, Arends & Stijnen 2002; help",
    "10.1002/sim.1221": "Baujat et al. 2002; help",
    "10.1002/sim.4780122405": "van Houwelingen, Zwinderman & Stijnen 1993; help",
    "10.1002/sim.6383": "Kuss 2015; references of the R package meta's sources",
    "10.1002/sim.7588": "Jackson et al. 2018; help",
    "10.1007/s10543-006-0077-9": "Trefethen, Weideman & Schmelzer 2006; pages of Chebfun",
    "10.1037/0033-2909.93.2.388": "Hedges 1983; help",
    "10.1037/a0032968": "Cheung 2014; references of the R package metaSEM",
    "10.1037/met0000011": "Tipton 2015; help",
    "10.1080/00031305.1978.10479283": "Miller 1978; help",
    "10.1080/01621459.2000.10473905": "Duval & Tweedie 2000; help",
    "10.1093/biomet/70.3.659": "Lan & DeMets 1983; reference lists of other software",
    "10.1097/EDE.0000000000001232": "Lin & Chu 2020; PubMed Central, PMC7398826",
    "10.1111/bmsp.12002": "López-López et al. 2014; help",
    "10.1111/j.0006-341x.1999.00732.x": "Follmann & Proschan 1999; help",
    "10.1177/1094428106291059": "Morris 2008; references of the R package metaConvert",
    "10.1177/1948550617693062": "Stanley 2017; references of the R package RoBMA",
    "10.1214/ss/1177011364": "Hedges 1992; help",
    "10.1016/j.jclinepi.2007.03.013": "Wetterslev et al. 2008; reference lists of other software",
    "10.2307/2286796": "Harville 1977; help",
    "10.2307/2287098": "Morris 1983; help",
    "10.3102/10769986010002075": "Raudenbush & Bryk 1985; help",
}
#: Works that the data name beside a row, which are neither cited nor among the screened records.
NAMED_IN_DATA = {
    "10.1016/j.msard.2019.07.028": "Rooney et al. 2019; its PubMed record",
    "10.4088/jcp.23m14974": "Jones et al. 2024; the publisher's page gives 85(2):23m14974",
}


def dois(text: str) -> Iterator[str]:
    """Yield the DOIs of a text without the punctuation of the sentence around them."""
    for match in DOI.finditer(PAGE.sub("", text)):
        name = match.group()
        while name[-1] in ".,;:>" or (name[-1] in ")]" and unbalanced(name)):
            name = name[:-1]
        yield name


def unbalanced(name: str) -> bool:
    """Return whether a name has more brackets of one direction than of the other."""
    return any(name.count(a) != name.count(b) for a, b in ("()", "[]", "<>"))


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Return (where, text) for all that people wrote in code, tests, benchmarks and data."""
    found = []
    for folder in ("analysis", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".R", ".md", ".c", ".toml"}:
                found.append((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")))
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path != Path(__file__):
            code = path.read_text(encoding="utf-8")
            found.append((str(path.relative_to(ROOT)), remarks(code)))
    for path in sorted((ROOT / "data").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            cells = "\n".join(cell for row in csv.reader(file) for cell in row)
        found.append((f"data/{path.name}", cells))
    for path in sorted((ROOT / "data").glob("*.toml")):
        found.append((f"data/{path.name}", path.read_text(encoding="utf-8")))
    return tuple(found)


def remarks(code: str) -> str:
    """Return the docstrings and comments of a test; its other strings name invented works."""
    documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
    nodes = (node for node in ast.walk(ast.parse(code)) if isinstance(node, documented))
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return "\n".join([*(ast.get_docstring(node) or "" for node in nodes), *comments])


def written() -> dict[str, set[str]]:
    """Return DOI in lower case -> where it is written."""
    found: dict[str, set[str]] = {}
    for where, text in texts():
        for doi in dois(text):
            found.setdefault(doi.lower(), set()).add(where)
    return found


def entries() -> list[str]:
    """Return the DOIs of the bibliography."""
    text = (ROOT / "data/references.bib").read_text(encoding="utf-8")
    return re.findall(r"^\s*doi\s*=\s*\{(.*)\},?$", text, re.M)


def screened() -> set[str]:
    """Return the DOIs of the records that were screened, which the data may name."""
    with (ROOT / "data/screening.csv").open(encoding="utf-8", newline="") as file:
        return {row["doi"].lower() for row in csv.DictReader(file) if row["doi"]}


def test_every_doi_was_seen_in_a_source() -> None:
    cited = {doi.lower() for doi in entries()}
    methods = {doi.lower() for doi in METHODS}
    in_data = {doi.lower() for doi in NAMED_IN_DATA} | screened()
    for doi, places in written().items():
        code = {place for place in places if not place.startswith("data/")}
        data = places - code
        assert not code or doi in cited | methods, f"{doi} in {sorted(code)} is not listed"
        assert not data or doi in cited | in_data, f"{doi} in {sorted(data)} is not listed"


def test_a_listed_doi_is_still_used_and_has_no_entry_of_its_own() -> None:
    used, cited = set(written()), {doi.lower() for doi in entries()}
    for doi in (*METHODS, *NAMED_IN_DATA):
        assert doi.lower() in used, f"nothing names {doi} any more"
        assert doi.lower() not in cited, f"{doi} stands in data/references.bib, so not here"


def test_every_doi_is_whole() -> None:
    for doi in (*entries(), *written()):
        assert DOI.fullmatch(doi), doi
        assert doi[-1].isalnum() or doi[-1] in ")-", doi
        assert not unbalanced(doi), doi
    for where, text in texts():
        for found in INTRODUCED.findall(text):
            assert DOI.match(found), f"{where}: {found} is no DOI"


def test_no_doi_has_two_entries() -> None:
    folded = [doi.lower() for doi in entries()]
    assert sorted(set(folded)) == sorted(folded)


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("(https://doi.org/10.1002/sim.2514);", "10.1002/sim.2514"),
        ("10.1016/0197-2456(86)90046-2.", "10.1016/0197-2456(86)90046-2"),
        ("see 10.1002/jrsm.35, and", "10.1002/jrsm.35"),
        (
            "10.1002/(SICI)1097-0258(19990215)18:3<321::AID-SIM28>3.0.CO;2-P",
            "10.1002/(SICI)1097-0258(19990215)18:3<321::AID-SIM28>3.0.CO;2-P",
        ),
    ],
)
def test_a_doi_is_read_whole_and_without_the_sentence_around_it(text: str, doi: str) -> None:
    assert list(dois(text)) == [doi]
