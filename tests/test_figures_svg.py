"""The SVG: text stays text, one file for both themes, the same bytes on every run."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Circle, Ellipse

import factories
from analysis.figures import words
from analysis.figures.forest import forest
from analysis.figures.svg import save_raster, save_svg, standalone
from analysis.figures.theme import DARK, LIGHT

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"


def made(answer, *, name="fig", links=None, theme="light") -> str:
    return save_svg(
        forest(answer, theme=theme).figure,
        name=name,
        title=words.alt_text(answer),
        description=words.long_description(answer),
        rows=words.row_sentences(answer),
        links=links,
    )


@pytest.fixture(scope="module")
def answer():
    return factories.answer(6, risk_of_bias=True, not_pooled=1)


@pytest.fixture(scope="module")
def svg(answer) -> str:
    return made(answer, links={row.row_id: f"study.html#{row.study_id}" for row in answer.rows})


@pytest.fixture(scope="module")
def root(svg) -> ET.Element:
    return ET.fromstring(svg)


def test_text_stays_text(root, answer):
    shown = ["".join(t.itertext()) for t in root.iter(f"{SVG}text")]
    assert {"Study", "Ketamine", "Risk ratio", "Weight"} <= set(shown)
    assert answer.rows[0].label in shown


def test_svg_is_the_same_in_another_process(svg):
    code = (
        "import factories, test_figures_svg as t; a = factories.answer(6, risk_of_bias=True, "
        "not_pooled=1); import sys; sys.stdout.reconfigure(encoding='utf-8'); "
        "sys.stdout.write(t.made(a, links={r.row_id: f'study.html#{r.study_id}' for r in a.rows}))"
    )
    folder = Path(__file__).parent
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=folder,
        env={"PYTHONPATH": f"{folder}:{folder.parent}", "PYTHONHASHSEED": "7", "HOME": "/tmp"},
    )
    assert run.stdout.decode("utf-8") == svg


def test_nothing_in_it_tells_time_or_software(svg):
    assert "metadata" not in svg
    assert "matplotlib" not in svg.lower()


def test_every_colour_is_a_variable_with_a_fallback(root):
    for element in root.iter():
        declared = element.get("style", "")
        for part in declared.split(";"):
            if "#" in part and "url(#" not in part:
                assert "var(--fig-" in part, part


def test_light_and_dark_differ_in_fallbacks_only(answer):
    light, dark = made(answer), made(answer, theme="dark")
    for role in ("ink", "data", "pooled", "rule", "muted", "zebra", "ground"):
        dark = dark.replace(getattr(DARK, role), getattr(LIGHT, role))
    for role in ("rob_low", "rob_some", "rob_high", "rob_none", "rob_ink"):
        dark = dark.replace(getattr(DARK, role), getattr(LIGHT, role))
    # Names of shared marks are hashes of how they look.
    hashed = re.compile(r"fig-[mp][0-9a-f]{10}")
    assert hashed.sub("id", dark) == hashed.sub("id", light)


def test_the_page_chooses_the_font_and_digits_are_tabular(root):
    rules = root.find(f"{SVG}style").text
    assert "var(--fig-font" in rules
    assert "tabular-nums" in rules
    assert not [t for t in root.iter(f"{SVG}text") if "font-family" in t.get("style", "")]


def test_ids_are_unique_prefixed_and_all_referred_to(svg, root):
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(identity.startswith("fig-") for identity in ids)
    for identity in ids:
        assert svg.count(identity) > 1


def test_two_figures_of_a_page_share_no_id(answer):
    first, second = (
        {e.get("id") for e in ET.fromstring(made(answer, name=n)).iter()} - {None}
        for n in ("a", "b")
    )
    assert not first & second


def test_the_figure_has_a_name_and_a_description(root, answer):
    assert root.get("role") == "group"
    named = {e.get("id"): e.text for e in root if e.tag in (f"{SVG}title", f"{SVG}desc")}
    assert named[root.get("aria-labelledby")] == words.alt_text(answer)
    assert named[root.get("aria-describedby")] == words.long_description(answer)


def test_without_links_the_figure_is_one_image(answer):
    assert ET.fromstring(made(answer)).get("role") == "img"


def test_every_row_is_one_group_with_its_sentence_and_its_link(root, answer):
    links = {a.get("href"): a.find(f"{SVG}g") for a in root.iter(f"{SVG}a")}
    sentences = words.row_sentences(answer)
    for row in answer.rows:
        group = links[f"study.html#{row.study_id}"]
        assert group.get("data-row") == row.row_id
        assert group.find(f"{SVG}title").text == sentences[row.row_id]
        shown = ["".join(t.itertext()) for t in group.iter(f"{SVG}text")]
        assert any(text.startswith(row.label) for text in shown)
    rows = [g.get("data-row") for g in root.iter(f"{SVG}g") if g.get("class") == "row"]
    assert len(rows) == len(set(rows))


def test_every_printed_number_of_a_row_is_in_its_group(root, answer):
    for row in answer.rows:
        group = next(g for g in root.iter(f"{SVG}g") if g.get("data-row") == row.row_id)
        shown = ["".join(t.itertext()) for t in group.iter(f"{SVG}text")]
        assert f"{row.estimate:.2f}" in shown
        assert f"[{row.ci_low:.2f}," in shown
        assert f"{row.ci_high:.2f}]" in shown
        if row.weight is not None:
            assert f"{row.weight:.1f}" in shown


def test_diamond_in_the_svg_ends_at_the_pooled_limits(answer):
    figure = forest(answer).figure
    ax = figure.axes[0]
    svg = ET.fromstring(made(answer))
    group = next(g for g in svg.iter(f"{SVG}g") if g.get("data-row") == "pooled-0")
    path = next(p for p in group.iter(f"{SVG}path") if p.get("d").count("L") >= 3)
    x = [float(pair[0]) for pair in re.findall(r"([-\d.]+) ([-\d.]+)", path.get("d"))]
    ends = ax.transData.transform([(answer.pooled.ci_low, 0), (answer.pooled.ci_high, 0)])
    wanted = ends[:, 0] / figure.dpi * 72
    half_pixel = 0.5 * 72 / 96
    assert min(x) == pytest.approx(wanted[0], abs=half_pixel)
    assert max(x) == pytest.approx(wanted[1], abs=half_pixel)


def test_size_is_given_in_css_pixels_so_that_text_keeps_its_points(root, answer):
    inches = forest(answer).figure.get_figwidth()
    assert float(root.get("width")) == pytest.approx(inches * 96, abs=0.1)
    assert root.get("viewBox")


def test_nothing_points_outside_the_file_but_the_given_links(root):
    for element in root.iter():
        for key in ("href", f"{XLINK}href"):
            value = element.get(key)
            if value is not None and element.tag != f"{SVG}a":
                assert value.startswith("#")


def test_circles_are_circles_where_they_were_drawn():
    answer = factories.answer(3, risk_of_bias=True)
    figure = forest(answer).figure
    boxes = [patch.get_window_extent() for patch in figure.findobj(Circle)]
    points, height = 72 / figure.dpi, figure.get_figheight() * 72
    wanted = sorted(
        ((b.x0 + b.x1) / 2 * points, height - (b.y0 + b.y1) / 2 * points, b.width / 2 * points)
        for b in boxes
    )
    drawn = ET.fromstring(made(answer)).iter(f"{SVG}circle")
    found = sorted(tuple(float(c.get(key)) for key in ("cx", "cy", "r")) for c in drawn)
    assert wanted
    assert np.array(found) == pytest.approx(np.array(wanted), abs=0.01)


def test_what_is_not_round_stays_a_path():
    figure = forest(factories.answer(3)).figure
    flat = Ellipse((0.5, 0.5), 0.2, 0.1)
    figure.add_artist(flat)
    text = save_svg(figure, name="x", title="t", description="d")
    assert "<circle" not in text


def test_hostile_words_are_escaped(answer):
    text = save_svg(
        forest(answer).figure, name="x", title="a < b & c", description="<script>x</script>"
    )
    root = ET.fromstring(text)
    assert root.find(f"{SVG}title").text == "a < b & c"
    assert "<script>" not in text


def test_a_file_of_its_own_follows_the_viewers_colour_scheme(svg):
    text = standalone(svg)
    ET.fromstring(text.encode())
    assert "prefers-color-scheme: dark" in text
    assert DARK.ink in text


def test_downloads_are_300_dpi_and_the_same_on_every_run(answer):
    import io

    from PIL import Image

    figure = forest(answer).figure
    png = save_raster(figure, "png")
    assert png == save_raster(forest(answer).figure, "png")
    image = Image.open(io.BytesIO(png))
    assert image.size[0] == pytest.approx(figure.get_figwidth() * 300, abs=1)
    pdf = save_raster(figure, "pdf")
    assert pdf.startswith(b"%PDF")
    assert pdf == save_raster(forest(answer).figure, "pdf")
    assert b"CreationDate" not in pdf


def test_another_format_is_refused_by_name(answer):
    with pytest.raises(ValueError, match=r"must be one of \['pdf', 'png'\], but 'gif'"):
        save_raster(forest(answer).figure, "gif")


def test_a_link_to_another_place_of_the_page_keeps_its_address() -> None:
    made = factories.answer(k=2)
    links = {row.row_id: "#forest-other" for row in made.rows}
    figure = forest(made).figure.figure
    svg = save_svg(figure, name="one", title="t", description="d", links=links)
    assert 'href="#forest-other"' in svg
    assert "#one-forest-other" not in svg
