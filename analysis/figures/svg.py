"""From a matplotlib figure to one SVG: same bytes everywhere, any theme, readable aloud.

matplotlib writes colours and fonts into every mark and gives every artist an
id. Here colours become the page's variables (so one file serves both themes),
the font becomes a stack that the page's style sheet may change, ids that
nothing refers to go, and the marks of one row become one group that carries
the study's name, its sentence and, where there is one, its link.
"""

from __future__ import annotations

import io
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import asdict

from matplotlib.figure import Figure

from analysis.figures.theme import DARK, FONT_STACK, LEAST, SMALL, THEMES, style, variable

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
#: matplotlib's ids of artists that carry meaning: everything after the colon
#: is ours.
ROW = re.compile(r"^(row|part):(.+)$")
PIXELS_PER_POINT = 4 / 3
REFERENCE = re.compile(r"url\(#([^)]+)\)")


def save_svg(
    figure: Figure,
    *,
    name: str,
    title: str,
    description: str,
    rows: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
) -> str:
    """Return a figure as accessible SVG text, identical on every run.

    Parameters
    ----------
    figure : Figure
        A figure drawn by this package.
    name : str
        Prefix of every id, unique on the page (the answer's id).
    title, description : str
        Name and long description for people who do not see the figure.
    rows : mapping, optional
        Row id -> the row in words, kept as the title of the row's group.
    links : mapping, optional
        Row id -> address of the study's record.

    Returns
    -------
    str
        ``<svg>…</svg>`` without XML declaration, to be placed in a page or,
        with the declaration of :func:`standalone`, in a file.
    """
    buffer = io.StringIO()
    with style():
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA, transparent=True)
    root = ET.fromstring(buffer.getvalue())
    for tag in ("metadata", "defs"):
        for empty in [e for e in root.findall(f"{{{SVG}}}{tag}") if _without_use(e)]:
            root.remove(empty)
    _use_variables(root)
    _make_round(root)
    _group_rows(root, rows or {}, links or {})
    _rename_ids(root, name)
    _flatten(root)
    _describe(root, name, title, description, interactive=bool(links))
    return _write(root)


#: Everything matplotlib would otherwise write about time and software.
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def standalone(svg: str) -> str:
    """Return the SVG as a file of its own that follows the viewer's colour scheme."""
    dark = "".join(f"{variable(role)}:{value};" for role, value in asdict(DARK).items())
    rule = f"@media (prefers-color-scheme: dark){{svg:root{{{dark}background:{DARK.ground}}}}}"
    return '<?xml version="1.0" encoding="utf-8"?>\n' + svg.replace(
        "</style>", f"{rule}</style>", 1
    )


def save_raster(figure: Figure, file_format: str) -> bytes:
    """Return a figure as PNG (300 dpi) or PDF for download, without dates.

    Parameters
    ----------
    figure : Figure
        A figure drawn by this package.
    file_format : {"png", "pdf"}
        Kind of file.

    Raises
    ------
    ValueError
        If the format is neither.
    """
    if file_format not in _RASTER_METADATA:
        allowed = sorted(_RASTER_METADATA)
        raise ValueError(f"file_format must be one of {allowed}, but {file_format!r} was passed.")
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format=file_format, dpi=300, metadata=_RASTER_METADATA[file_format])
    return buffer.getvalue()


_RASTER_METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}


def _without_use(element: ET.Element) -> bool:
    """Return whether a block holds nothing a drawing refers to."""
    return element.tag.endswith("metadata") or all(
        child.tag.endswith("style") for child in element
    )


def _use_variables(root: ET.Element) -> None:
    """Replace each colour of a theme by its variable, each font by the stack."""
    named = {
        value: f"var({variable(role)},{value})"
        for theme in THEMES.values()
        for role, value in asdict(theme).items()
    }
    pattern = re.compile("|".join(map(re.escape, named)))
    for element in root.iter():
        declared = element.get("style")
        if declared is None:
            continue
        declared = pattern.sub(lambda match: named[match[0]], declared)
        if element.tag == f"{{{SVG}}}text":
            declared = _font(declared)
        element.set("style", re.sub(r"\s*([:;])\s*", r"\1", declared))


def _make_round(root: ET.Element) -> None:
    """Write each circle as one: matplotlib writes eight curves, ten times its length."""
    for element in root.iter(f"{{{SVG}}}path"):
        path = element.get("d", "")
        if not _EIGHT_CURVES.fullmatch(path):
            continue
        numbers = [float(number) for number in _ANY_NUMBER.findall(path)]
        # Of each curve's three points only the last lies on the outline.
        points = list(zip(numbers[::6], numbers[1::6], strict=True))[:-1]
        cx, cy = (sum(place) / len(points) for place in zip(*points, strict=True))
        radii = [math.dist((cx, cy), point) for point in points]
        if max(radii) - min(radii) > _ROUND:
            continue
        element.tag = f"{{{SVG}}}circle"
        del element.attrib["d"]
        radius = sum(radii) / len(radii)
        element.attrib |= {"cx": f"{cx:.2f}", "cy": f"{cy:.2f}", "r": f"{radius:.2f}"}


_EIGHT_CURVES = re.compile(r"M[^A-Za-z]+(?:C[^A-Za-z]+){8}z\s*")
_ANY_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
#: How far a radius may be off, in points, in what is still a circle: what a rounded digit moves.
_ROUND = 0.01


def _font(declared: str) -> str:
    """Keep size, weight and anchor of a text; the family comes from the page."""
    properties = dict(part.split(":", 1) for part in declared.split(";") if ":" in part)
    kept = {key.strip(): value.strip() for key, value in properties.items()}
    kept.pop("font-family", None)
    if "font" in kept:
        shorthand = kept.pop("font")
        size = re.search(r"([\d.]+)px", shorthand)
        if size:
            kept["font-size"] = size[0]
        weight = re.search(r"\b(bold|\d{3})\b", shorthand.split("px")[0])
        if weight:
            kept["font-weight"] = weight[0]
    return ";".join(f"{key}:{value}" for key, value in kept.items())


def _group_rows(root: ET.Element, rows: Mapping[str, str], links: Mapping[str, str]) -> None:
    """Move the marks of each row into one group, after everything else."""
    parents = {child: parent for parent in root.iter() for child in parent}
    groups: dict[str, ET.Element] = {}
    for element in list(root.iter(f"{{{SVG}}}g")):
        match = ROW.match(element.get("id", ""))
        if match is None:
            continue
        row = match[2]
        parents[element].remove(element)
        if row not in groups:
            groups[row] = ET.Element(f"{{{SVG}}}g", {"class": "row", "data-row": row})
            if row in rows:
                ET.SubElement(groups[row], f"{{{SVG}}}title").text = rows[row]
        element.attrib.pop("id")
        groups[row].append(element)
    drawing = root.find(f"{{{SVG}}}g")
    target = root if drawing is None else drawing
    for row, group in groups.items():
        if row in links:
            anchor = ET.SubElement(target, f"{{{SVG}}}a", {"href": links[row]})
            anchor.append(group)
        else:
            target.append(group)


def _rename_ids(root: ET.Element, name: str) -> None:
    """Drop ids nothing refers to; prefix the others, so pages never hold one twice.

    A link to a place outside the drawing keeps its address.
    """
    own = {element.get("id") for element in root.iter()}
    wanted = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            wanted.update(REFERENCE.findall(value))
            if key.endswith("href") and value.startswith("#"):
                wanted.add(value[1:])
    for element in root.iter():
        identity = element.get("id")
        if identity is not None and identity not in wanted:
            if re.match(r"^[a-z]+(-[a-z]+)+$|^null$", identity):
                element.set("data-part", identity)
            del element.attrib["id"]
        for key, value in list(element.attrib.items()):
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif key.endswith("href") and value.startswith("#") and value[1:] in own:
                element.set(key, f"#{name}-{value[1:]}")
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{name}-"))


def _flatten(root: ET.Element) -> None:
    """Drop groups that carry nothing, turns by no angle and digits nobody can see."""
    for parent in list(root.iter()):
        children = list(parent)
        parent[:] = [
            kept
            for child in children
            for kept in (_unwrapped(child) if child.tag == f"{{{SVG}}}g" else [child])
        ]
    for element in root.iter():
        for key, value in element.attrib.items():
            if key in _COORDINATES:
                rounded = _NUMBER.sub(lambda m: f"{float(m[0]):.2f}", value)
                element.set(key, " ".join(rounded.split()))
        if element.get("transform", "").startswith("rotate(-0"):
            del element.attrib["transform"]


#: Attributes that hold positions, rounded to a hundredth of a point: a
#: different last bit of a floating point number must not change the file.
_COORDINATES = ("d", "x", "y", "width", "height", "transform")
_NUMBER = re.compile(r"-?\d+\.\d+")


def _unwrapped(group: ET.Element) -> list[ET.Element]:
    """Return a group, or its content where the group itself says nothing."""
    if group.attrib:
        return [group]
    return [
        kept
        for child in group
        for kept in (_unwrapped(child) if child.tag == f"{{{SVG}}}g" else [child])
    ]


def _describe(
    root: ET.Element, name: str, title: str, description: str, *, interactive: bool
) -> None:
    """Name the figure. A figure with links is a group: an image hides its links."""
    for child, (tag, words) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(f"{{{SVG}}}{tag}", {"id": f"{name}-{tag}"})
        element.text = words
        root.insert(child, element)
    rules = ET.Element(f"{{{SVG}}}style")
    rules.text = (
        f".review-figure text{{font-family:var(--fig-font,{FONT_STACK});"
        "font-variant-numeric:tabular-nums;white-space:pre}"
    )
    if interactive:  # a row is hit anywhere on its unseen surface, not only on its thin lines
        rules.text += ".review-figure a path{pointer-events:all}"
    root.insert(2, rules)
    for side in ("width", "height"):
        points = float(root.attrib[side].removesuffix("pt"))
        root.set(side, f"{points * PIXELS_PER_POINT:.2f}")
    readable = float(root.attrib["width"]) * LEAST / SMALL
    root.set("style", f"min-width:{readable:.0f}px")
    root.set("class", "review-figure")
    root.set("role", "group" if interactive else "img")
    root.set("aria-labelledby", f"{name}-title")
    root.set("aria-describedby", f"{name}-desc")


def _write(root: ET.Element) -> str:
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    for element in root.iter():
        if element.tail and not element.tail.strip():
            element.tail = "\n"
        if element.text and not element.text.strip():
            element.text = None
    return ET.tostring(root, encoding="unicode") + "\n"
