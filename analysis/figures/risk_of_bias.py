"""Risk of bias: the traffic light per study, and the weighted summary per domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from analysis.figures import names, numbers, words
from analysis.figures.layout import LEADING, Sheet, text_width, wrap
from analysis.figures.marks import tick_style
from analysis.figures.plate import MARGIN, draw_judgement
from analysis.figures.table import PITCH
from analysis.figures.theme import BODY, NARROW_WIDTH, SMALL, theme_named
from analysis.review.results import Answer

#: Room of a circle; six of them and a name fit a phone.
CELL = 22.0
BAR_WIDTH = 300.0
#: Half the label of the last tick.
TICK = 12.0
#: Between the longest label and the first circle.
GUTTER = 10.0

Judgements = Mapping[str, Mapping[str, str]]


def traffic_light(studies: Judgements, *, theme: str = "light") -> Axes:
    """Draw one circle per study and domain.

    Parameters
    ----------
    studies : mapping
        Study label -> domain -> judgement (``low``, ``some_concerns``,
        ``high``, ``no_information``), as the columns of the forest plot read
        them. A domain that was not judged stays empty.
    theme : {"light", "dark"}
        Colours.

    Returns
    -------
    Axes
        Invisible: the figure consists of circles and words.

    Raises
    ------
    ValueError
        If there is no study, or a judgement is unknown.
    """
    domains = names.domains_of(studies.values())
    if not domains:
        raise ValueError("No study has a risk-of-bias judgement to draw.")
    _refuse_unknown(studies)
    label_width = max(text_width(label) for label in studies)
    legend_width = max(NARROW_WIDTH, label_width + GUTTER + CELL * len(domains))
    width = legend_width + 2 * MARGIN
    legend = _legend(domains, legend_width)
    top = MARGIN + LEADING * BODY + 4
    bottom = top + PITCH * len(studies)
    sheet = Sheet(width, bottom + 8 + LEADING * SMALL * len(legend) + MARGIN, theme_named(theme))
    sheet.text(MARGIN, MARGIN + BODY / 2, "Study", weight="bold")
    centres = [MARGIN + label_width + GUTTER + CELL * (i + 0.5) for i in range(len(domains))]
    for x, domain in zip(centres, domains, strict=True):
        head = names.short_domain(domain)
        sheet.text(x, MARGIN + BODY / 2, head, weight="bold", align="center")
    sheet.rule(MARGIN, width - MARGIN, top - 2)
    for i, (label, judged) in enumerate(studies.items()):
        y = top + PITCH * (i + 0.5)
        if i % 2:
            fill = sheet.theme.zebra
            sheet.rectangle(MARGIN, y - PITCH / 2, legend_width, PITCH, fill=fill, below=True)
        gid = f"row:{label}"
        sheet.text(MARGIN, y, label, gid=gid)
        for x, domain in zip(centres, domains, strict=True):
            if domain in judged:
                draw_judgement(sheet, judged[domain], x, y, gid)
    sheet.lines(MARGIN, bottom + 8 + SMALL / 2, legend, size=SMALL, color=sheet.theme.muted)
    return sheet.no_axes()


def shares(answer: Answer) -> dict[str, dict[str, float]]:
    """Return domain -> judgement -> percent of the answer's weight.

    Studies count by their weight in the drawn model; equally where nothing is
    pooled. What is missing to 100 was not judged.
    """
    pooled = [row for row in answer.rows if row.pooled and row.weight] or list(answer.rows)
    weights = [row.weight if row.pooled and row.weight else 1.0 for row in pooled]
    table = {}
    for domain in names.judgements(answer):
        sums = dict.fromkeys(names.RISK_OF_BIAS_WORDS, 0.0)
        for row, weight in zip(pooled, weights, strict=True):
            if domain in row.risk_of_bias:
                sums[row.risk_of_bias[domain]] += weight
        table[domain] = {key: 100 * value / sum(weights) for key, value in sums.items()}
    return table


def summary_bar(answer: Answer, *, theme: str = "light", narrow: bool = False) -> Axes:
    """Draw, per domain, what share of the weight was judged how.

    Parameters
    ----------
    answer : Answer
        The answer whose studies were judged.
    theme : {"light", "dark"}
        Colours.
    narrow : bool
        The variant for a phone held upright: each domain above its bar.

    Returns
    -------
    Axes
        Horizontal unit percent of weight.

    Raises
    ------
    ValueError
        If no row has a judgement.
    """
    table = shares(answer)
    if not table:
        raise ValueError(f"{answer.id}: no row has a risk-of-bias judgement to draw.")
    labels = [names.first_upper(names.DOMAIN_WORDS.get(domain, domain)) for domain in table]
    label_width = max(text_width(label) for label in labels)
    left = MARGIN + (TICK if narrow else label_width + TICK)
    bar = NARROW_WIDTH - left - TICK - MARGIN if narrow else BAR_WIDTH
    above = LEADING * BODY * narrow
    pitch = PITCH + 4 + above
    width = left + bar + TICK + MARGIN
    weighted = answer.pooled is not None
    unit = "Share of the weight of the studies" if weighted else "Share of the studies"
    legend = wrap(words.symbols_legend(), width - 2 * MARGIN, size=SMALL)
    bottom = MARGIN + pitch * len(labels)
    height = bottom + 44 + LEADING * SMALL * len(legend) + MARGIN
    sheet = Sheet(width, height, theme_named(theme))
    ax = sheet.axes(left, MARGIN, bar, bottom - MARGIN)
    ax.set_xlim(0, 100)
    ax.set_xticks([0, 25, 50, 75, 100], ["0%", "25%", "50%", "75%", "100%"])
    tick_style(ax, sheet.theme)
    for i, (label, parts) in enumerate(zip(labels, table.values(), strict=True)):
        y = MARGIN + pitch * i + above + (PITCH + 4) / 2
        sheet.text(MARGIN, y - above, label)
        _draw_parts(sheet, ax, parts, left, y, bar)
    sheet.text(left + bar / 2, bottom + 28, unit, size=SMALL, align="center")
    sheet.lines(MARGIN, bottom + 44, legend, size=SMALL, color=sheet.theme.muted)
    return ax


def _draw_parts(
    sheet: Sheet, ax: Axes, parts: Mapping[str, float], left: float, y: float, width: float
) -> None:
    """Draw the stacked bar of one domain; symbols and percentages where they fit."""
    start = 0.0
    for judgement, share in parts.items():
        if share == 0:
            continue
        fill = sheet.theme.risk_of_bias(judgement)
        ax.barh(
            y, share, height=14, left=start, color=fill, edgecolor=sheet.theme.ground, linewidth=1
        )
        symbol = names.RISK_OF_BIAS_WORDS[judgement][0]
        room = share / 100 * width
        for text in (f"{symbol} {numbers.number(share, 0)}%", symbol):
            if text_width(text, SMALL) + 6 <= room:
                x = left + (start + share / 2) / 100 * width
                color = sheet.theme.rob_ink
                sheet.text(x, y, text, size=SMALL, align="center", color=color)
                break
        start += share


def risk_of_bias_words(answer: Answer) -> str:
    """Return the alternative text of the summary bar."""
    parts = []
    for domain, table in shares(answer).items():
        judged = ", ".join(
            f"{names.RISK_OF_BIAS_WORDS[key][1]} {numbers.number(share, 0)}%"
            for key, share in table.items()
            if share
        )
        parts.append(f"{names.first_upper(names.DOMAIN_WORDS.get(domain, domain))}: {judged}.")
    return " ".join(["Risk of bias by share of weight.", *parts])


def _refuse_unknown(studies: Judgements) -> None:
    for study, judged in studies.items():
        for domain, judgement in judged.items():
            if judgement not in names.RISK_OF_BIAS_WORDS:
                allowed = ", ".join(names.RISK_OF_BIAS_WORDS)
                raise ValueError(
                    f"{study}, {domain}: judgement must be one of {allowed}, not {judgement!r}."
                )


def _legend(domains: Sequence[str], width: float) -> list[str]:
    sentences = words.risk_of_bias_legend(domains)
    return [line for text in sentences for line in wrap(text, width, size=SMALL)]
