"""Words for figures, written from the numbers: alternatives, captions, tables.

Nothing here is typed by hand twice: a reader who cannot see a figure gets the
same numbers, through the same formatting, as one who can.
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis.figures import names, numbers
from analysis.figures.marks import rescaled
from analysis.review.results import Answer, Row


def heterogeneity(answer: Answer) -> list[str]:
    """Return the heterogeneity line and the test line under a forest plot.

    A measure without a null value has nothing that could be tested.
    """
    pooled, parts = answer.pooled, []
    if pooled is None:
        return []
    if pooled.tau2 is not None:
        ci = ""
        if pooled.tau2_ci is not None:
            low, high = (numbers.number(v, numbers.DECIMALS["tau2"]) for v in pooled.tau2_ci)
            ci = f" [{low}, {high}]"
        tau = numbers.number(pooled.tau2**0.5, numbers.DECIMALS["tau2"])
        tau2 = numbers.number(pooled.tau2, numbers.DECIMALS["tau2"])
        parts.append(f"τ² = {tau2}{ci}, τ = {tau}")
    if pooled.i2 is not None:
        definition = f" ({pooled.i2_definition})" if pooled.i2_definition else ""
        parts.append(f"I² = {numbers.number(pooled.i2, numbers.DECIMALS['i2'])}%{definition}")
    if pooled.q is not None and pooled.q_df is not None and pooled.q_pvalue is not None:
        parts.append(
            f"Q = {numbers.number(pooled.q)}, df = {pooled.q_df}, "
            f"P {numbers.p_value(pooled.q_pvalue)}"
        )
    lines = [f"Heterogeneity: {'; '.join(parts)}"] if parts else []
    if pooled.pvalue is not None and answer.measure.null is not None:
        lines.append(f"Test for overall effect: P {numbers.p_value(pooled.pvalue)}")
    return lines


def about_prediction(answer: Answer) -> str:
    """Return why no prediction interval is shown, or the warning that goes with it."""
    if answer.pooled is None:
        return ""
    if answer.pooled.prediction is None:
        reason = answer.policy.withheld.get("prediction_interval", "")
        return f"No prediction interval: {reason.rstrip('.')}." if reason else ""
    caution = answer.policy.caution.get("prediction_interval", "")
    return f"Prediction interval {caution.rstrip('.')}." if caution else ""


def risk_of_bias_legend(domains: Sequence[str]) -> list[str]:
    """Return what the symbols and the domains of the risk-of-bias columns mean."""
    named = "; ".join(
        f"{names.short_domain(domain)}: {names.DOMAIN_WORDS[domain]}"
        for domain in domains
        if domain in names.DOMAIN_WORDS
    )
    return [symbols_legend(), f"{named}."]


def symbols_legend() -> str:
    """Return what the symbols of the judgements mean."""
    symbols = (f"{symbol} {name}" for symbol, name in names.RISK_OF_BIAS_WORDS.values())
    return f"Risk of bias: {', '.join(symbols)}."


def row_sentence(answer: Answer, row: Row, label: str) -> str:
    """Return one row in words: ``"Smith 2019, risk ratio 1.34, 95% CI 0.98 to 1.83, …"``."""
    measure = answer.measure
    parts = [label]
    if row.estimate is None:
        parts.append("no estimate")
    else:
        parts.append(
            f"{measure.name.lower()} {numbers.effect(row.estimate, measure)}"
            f"{numbers.unit_of(measure)}"
        )
        if row.ci_low is not None and row.ci_high is not None:
            parts.append(f"95% CI {numbers.interval_words(row.ci_low, row.ci_high, measure)}")
            if measure.null is not None:
                parts.append(_against_null(row.ci_low, row.ci_high, measure.null))
    if row.weight is not None:
        parts.append(f"weight {numbers.number(row.weight, numbers.DECIMALS['weight'])}%")
    elif names.own_reason(answer, row):
        parts.append(f"not pooled: {names.first_lower(row.reason_not_pooled.rstrip('.'))}")
    return ", ".join(parts)


def _against_null(low: float, high: float, null: float) -> str:
    verb = "includes" if low <= null <= high else "excludes"
    return f"{verb} {null:g}"


def row_sentences(answer: Answer) -> dict[str, str]:
    """Return row id -> the row in words, in the order of the figure."""
    labels = names.unique_labels(answer.rows)
    return {
        row.row_id: row_sentence(answer, row, label)
        for row, label in zip(answer.rows, labels, strict=True)
    }


def direction(answer: Answer) -> str:
    """Return on which side of no difference the pooled result lies, in words."""
    pooled, null = answer.pooled, answer.measure.null
    if pooled is None or null is None:
        return ""
    side = answer.favours_low if pooled.estimate < null else answer.favours_high
    if pooled.estimate == null:
        return "The estimate is exactly no difference."
    clear = "includes" if pooled.ci_low <= null <= pooled.ci_high else "excludes"
    return f"The estimate favours {side}; its interval {clear} no difference."


def pooled_sentence(answer: Answer) -> str:
    """Return the pooled result with its intervals in words, or why there is none."""
    pooled, measure = answer.pooled, answer.measure
    if pooled is None:
        return names.first_upper(answer.reason)
    text = (
        f"Pooled {measure.name.lower()} {numbers.effect(pooled.estimate, measure)}"
        f"{numbers.unit_of(measure)}, {names.ci_name(pooled)} "
        f"{numbers.interval_words(pooled.ci_low, pooled.ci_high, measure)}, "
        f"{names.model_name(pooled)}."
    )
    if pooled.prediction is not None:
        ends = numbers.interval_words(pooled.prediction.low, pooled.prediction.high, measure)
        text += f" {numbers.level(pooled.level)} prediction interval {ends}."
    return text


def alt_text(answer: Answer) -> str:
    """Return the short alternative text of a forest plot.

    It names measure, number of studies, pooled value with interval and
    prediction interval, heterogeneity and direction.
    """
    studies = "1 study" if len(answer.rows) == 1 else f"{len(answer.rows)} rows"
    pooled = answer.pooled
    shown = f"{studies}, {pooled.k} pooled" if pooled is not None else studies
    parts = [f"Forest plot of {answer.outcome}, {answer.measure.name.lower()}: {shown}."]
    if names.is_uncontrolled(answer):
        parts.append(f"{names.DESIGN_BANNER}.")
    parts.append(pooled_sentence(answer))
    if pooled is not None and pooled.i2 is not None and pooled.tau2 is not None:
        parts.append(
            f"Heterogeneity: I² {numbers.number(pooled.i2, numbers.DECIMALS['i2'])}%, "
            f"τ² {numbers.number(pooled.tau2, numbers.DECIMALS['tau2'])}."
        )
    parts.append(direction(answer))
    return " ".join(part for part in parts if part)


def long_description(answer: Answer) -> str:
    """Return the whole figure in words: the summary, then every row."""
    rows = [f"{sentence}." for sentence in row_sentences(answer).values()]
    others = [
        f"{label}: {numbers.interval(p.estimate, p.ci_low, p.ci_high, answer.measure)}."
        for label, p in names.same_rows_alternatives(answer)
    ]
    return " ".join([alt_text(answer), *rows, *others])


def caption(answer: Answer, *, version: str, last_search: str) -> str:
    """Return the caption of a forest plot.

    Parameters
    ----------
    answer : Answer
        The answer that is drawn.
    version : str
        Data version.
    last_search : str
        Date of the last search, or words that say there has been none.
    """
    arms = names.first_lower(answer.intervention)
    if not names.is_uncontrolled(answer):
        arms = f"{arms} versus {names.first_lower(answer.comparator)}"
    parts = [f"{names.first_upper(answer.outcome)}: {arms}."]
    parts.append(f"{names.first_upper(answer.population)}{_when(answer)}.")
    if names.is_uncontrolled(answer):
        parts.append(f"{names.DESIGN_BANNER}. {names.DESIGN_SENTENCE}")
    elif answer.measure.null is not None and _is_drawn(answer):
        good = "Lower" if answer.better == "lower" else "Higher"
        parts.append(f"{good} values are better for people.")
    pooled = answer.pooled
    if pooled is not None:
        parts.append(f"{names.first_upper(names.model_name(pooled))}, {names.ci_name(pooled)}.")
        if pooled.prediction is not None:
            rule = names.prediction_name(pooled.prediction.rule)
            parts.append(f"Prediction interval from the {rule}.")
        parts.append(about_prediction(answer))
        parts.append(f"k = {pooled.k}, N = {numbers.count(names.people(answer))}.")
        parts.append(
            "The area of a square is proportional to the weight of the study in the drawn model"
            + ("; the smallest are enlarged to stay visible." if rescaled(answer) else ".")
        )
        if any(not row.pooled for row in answer.rows):
            parts.append("Hollow squares are not pooled.")
    else:
        parts.append(_without_pooling(answer))
    if any(_has_empty_group(row) for row in answer.rows) and answer.measure.scale == "log":
        parts.append("Where one group had no event, 0.5 was added to each cell of that study.")
    if answer.order in names.ORDER_WORDS and len(answer.rows) > 1:
        parts.append(f"Rows in order of {names.ORDER_WORDS[answer.order]}.")
    parts.append(f"Data version {version}; last search {last_search}.")
    return " ".join(part for part in parts if part)


def _when(answer: Answer) -> str:
    """Return the time of a question as the end of a sentence; nothing where any time will do."""
    return "" if answer.timepoint == "Any" else f"; {names.first_lower(answer.timepoint)}"


def _is_drawn(answer: Answer) -> bool:
    """Return whether any row has an estimate to draw."""
    return any(row.estimate is not None for row in answer.rows)


def _has_empty_group(row: Row) -> bool:
    """Return whether one group of a drawn row had no event."""
    return row.estimate is not None and 0 in (row.events_treat, row.events_control)


def _without_pooling(answer: Answer) -> str:
    """Return how many studies are drawn; the same people are counted once."""
    if not _is_drawn(answer):
        return ""
    usable = [row for row in answer.rows if row.estimate is not None]
    samples = {row.participants_id for row in usable}
    if len(samples) == len(usable):
        n = sum((row.n_treat or 0) + (row.n_control or 0) for row in usable)
        return f"k = {len(usable)}, N = {numbers.count(n)}; nothing pooled."
    groups = "one group" if len(samples) == 1 else f"{len(samples)} groups"
    return f"{len(usable)} results from {groups} of people; nothing pooled."


def no_estimate(answer: Answer) -> str:
    """Return the answer's reason and, on a line each, what is missing in which study."""
    rows = [
        f"{label}: {names.own_reason(answer, row)}"
        for label, row in zip(names.unique_labels(answer.rows), answer.rows, strict=True)
        if names.own_reason(answer, row)
    ]
    return "\n".join([answer.reason, *rows])


HOW_TO_READ = {
    "forest": (
        "How to read this: each square is one study and the line through it shows how uncertain "
        "that study is; a diamond, where there is one, is all pooled studies together, and a line "
        "or diamond that touches the vertical line is compatible with no difference."
    ),
    "cumulative": (
        "How to read this: each square is the pooled result after one more study or version, the "
        "line through it how uncertain it was then; the diamond is the result today."
    ),
    "harms": (
        "How to read this: each diamond is one event, all its trials together, and its width "
        "shows how uncertain that is; a diamond that touches the vertical line is compatible with "
        "no difference, and an arrow means that it goes on beyond the plot."
    ),
    "proportion": (
        "How to read this: each square shows what share of the treated people improved, the line "
        "through it how uncertain that share is; nobody knows how many would have improved "
        "without the drug."
    ),
    "funnel": (
        "How to read this: each dot is one study, the most precise at the top; an uneven spread "
        "can have several causes, of which missing studies is only one."
    ),
    "risk of bias": (
        "How to read this: each circle is a judgement of how far the way a study was done could "
        "have misled it; + low, ! some concerns, × high, ? not enough information."
    ),
    "risk of bias by weight": (
        "How to read this: each bar is a way in which studies can be misled; its colours show how "
        "much of the weight of the answer comes from studies judged + low, ! some concerns, "
        "× high or ? not enough information."
    ),
    "flow": (
        "How to read this: from top to bottom, how many records were found, how many were left "
        "out and why, and what remained."
    ),
    "evidence map": (
        "How to read this: each row is a proposed way the drug could work, each column a kind of "
        "evidence; the marks count findings for, against and mixed."
    ),
    "timeline": (
        "How to read this: each bar is one registered trial from start to its end; an open end "
        "means that no end date is known."
    ),
    "specification curve": (
        "How to read this: each dot is the same question analysed in another defensible way, and "
        "the line through it how uncertain it is; the marked one was chosen beforehand, and an "
        "arrow means that a line goes on beyond the plot."
    ),
    "icon array": (
        "How to read this: each circle is one of a hundred people; the coloured ones have the "
        "event."
    ),
}


def how_to_read(kind: str) -> str:
    """Return one plain sentence on how to read a kind of figure.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    if kind not in HOW_TO_READ:
        raise ValueError(f"kind must be one of {sorted(HOW_TO_READ)}, but {kind!r} was passed.")
    return HOW_TO_READ[kind]


def data_table(answer: Answer) -> list[dict[str, str]]:
    """Return the figure as a table: one record of formatted cells per line.

    Returns
    -------
    list of dict
        Keys ``study``, ``treated``, ``control`` (absent for one group),
        ``effect``, ``weight``, ``note``; the pooled row, its prediction
        interval and any alternatives come last.
    """
    measure = answer.measure
    records = []
    for label, row in zip(names.unique_labels(answer.rows), answer.rows, strict=True):
        arms = {"treated": _arm(row.events_treat, row.n_treat, row.mean_treat, row.sd_treat)}
        if not names.is_uncontrolled(answer):
            arms["control"] = _arm(
                row.events_control, row.n_control, row.mean_control, row.sd_control
            )
        effect = numbers.interval(row.estimate, row.ci_low, row.ci_high, measure)
        weight = numbers.number(row.weight, numbers.DECIMALS["weight"])
        note = names.own_reason(answer, row)
        records.append({"study": label, **arms, "effect": effect, "weight": weight, "note": note})
    return records + _pooled_records(answer)


def _pooled_records(answer: Answer) -> list[dict[str, str]]:
    if answer.pooled is None:
        return []
    measure, blank = answer.measure, dict.fromkeys(("treated", "control", "weight"), "")
    if names.is_uncontrolled(answer):
        del blank["control"]
    records = []
    name = names.first_upper(names.model_name(answer.pooled))
    for label, pooled in [(name, answer.pooled), *names.same_rows_alternatives(answer)]:
        effect = numbers.interval(pooled.estimate, pooled.ci_low, pooled.ci_high, measure)
        records.append(
            {"study": f"{label}, k = {pooled.k}", **blank, "effect": effect, "note": ""}
        )
        if pooled.prediction is not None:
            low, high = pooled.prediction.low, pooled.prediction.high
            ends = f"[{numbers.effect(low, measure)}, {numbers.effect(high, measure)}]"
            label = f"{numbers.level(pooled.level)} prediction interval"
            records.append({"study": label, **blank, "effect": ends, "note": ""})
    return records


def _arm(events: float | None, n: float | None, mean: float | None, sd: float | None) -> str:
    """Return what one arm contributed, ``"8/12"`` or ``"3.20 (SD 1.10), n = 12"``."""
    if events is not None and n is not None:
        return f"{numbers.count(events)}/{numbers.count(n)}"
    if mean is not None and sd is not None:
        return f"{numbers.number(mean)} (SD {numbers.number(sd)}), n = {numbers.count(n)}"
    return f"n = {numbers.count(n)}" if n is not None else ""
