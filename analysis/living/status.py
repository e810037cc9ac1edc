"""How current the review is, computed from its logs and today's date."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from analysis.evidence.faults import ProjectFileError
from analysis.living.screening import disputed

Row = Mapping[str, str]


class ProtocolError(ProjectFileError):
    """``data/protocol.toml`` does not say what it must."""


@dataclass(frozen=True)
class Protocol:
    """The title and schedule of the review, and whether it has ended."""

    title: str
    started_on: date
    search_every_days: int
    retired: bool
    retired_on: str
    retirement_reason: str
    retirement_rule: str


@dataclass(frozen=True)
class SourceStatus:
    """One source of records: when it was last searched, and when it is due."""

    source: str
    last_search: str
    next_due: str


@dataclass(frozen=True)
class Status:
    """Everything the status line says, with dates as ISO text.

    ``days_overdue`` is 0 while nothing is due; the same sum is made again in
    the reader's browser from ``next_due`` and that day's date.
    """

    version: str
    as_of: str
    last_search: str
    next_due: str
    days_overdue: int
    sources: tuple[SourceStatus, ...]
    undecided: int
    disagreements: int
    stale_ratings: tuple[str, ...]
    retired: bool
    retired_on: str
    retirement_reason: str

    def as_dict(self) -> dict[str, object]:
        """Return the status as plain data for ``status.json``."""
        return asdict(self)


def read_protocol(path: Path) -> Protocol:
    """Read the schedule.

    Raises
    ------
    ProtocolError
        If a key is missing or not of the right kind; the message names it.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(f"{path.name} cannot be read: {error}") from error
    schedule, retirement = content.get("schedule", {}), content.get("retirement", {})
    days = schedule.get("search_every_days")
    if not isinstance(days, int) or days < 1:
        raise ProtocolError(
            f"{path.name}, [schedule]: search_every_days is {days!r}; a whole number of days is "
            "needed, such as 30"
        )
    started = content.get("started_on")
    if not isinstance(started, date):
        raise ProtocolError(
            f"{path.name}: started_on is {started!r}; a date without quotes is needed, "
            "such as 2026-11-22"
        )
    retired = retirement.get("retired")
    if not isinstance(retired, bool):
        raise ProtocolError(
            f"{path.name}, [retirement]: retired is {retired!r}; write true or false"
        )
    if retired and not (retirement.get("retired_on") and retirement.get("reason")):
        raise ProtocolError(f"{path.name}, [retirement]: a retired review needs a date and reason")
    title = content.get("title")
    if not isinstance(title, str) or not title:
        raise ProtocolError(f"{path.name}: title is {title!r}; the review's title is needed")
    return Protocol(
        title,
        started,
        days,
        retired,
        retirement.get("retired_on", ""),
        retirement.get("reason", ""),
        retirement.get("rule", ""),
    )


def status(
    protocol: Protocol,
    searches: Iterable[Row],
    screening: Sequence[dict[str, str]],
    *,
    scheduled: Iterable[str],
    version: str,
    today: date,
    stale_ratings: Iterable[str] = (),
) -> Status:
    """Work out what is up to date and what is due.

    Parameters
    ----------
    protocol : Protocol
        The schedule.
    searches, screening : iterables of mappings
        Rows of the two logs.
    scheduled : iterable of str
        Names of the sources that the protocol searches. One that was never
        searched has been due since the review started.
    version : str
        Version of the data.
    today : datetime.date
        The day for which the status holds.
    stale_ratings : iterable of str
        Questions whose certainty was rated before their answer last moved.
    """
    runs = [row for row in searches if row["status"] == "run" and row["date"]]
    sources = tuple(_source(name, runs, protocol) for name in sorted(scheduled))
    dates = [source.next_due for source in sources]
    next_due = min(dates) if dates and not protocol.retired else ""
    overdue = (today - date.fromisoformat(next_due)).days if next_due else 0
    return Status(
        version=version,
        as_of=today.isoformat(),
        last_search=max((row["date"] for row in runs), default=""),
        next_due=next_due,
        days_overdue=max(overdue, 0),
        sources=sources,
        undecided=sum(row["decision"] == "undecided" for row in screening),
        disagreements=len(list(disputed(screening))),
        stale_ratings=tuple(sorted(stale_ratings)),
        retired=protocol.retired,
        retired_on=protocol.retired_on,
        retirement_reason=protocol.retirement_reason,
    )


def sentence(state: Status) -> str:
    """Say the status in one line of plain words."""
    return "; ".join([*known(state), *due(state), *waiting(state)]) + "."


def known(state: Status) -> list[str]:
    """Return what the review is based on, or that it has ended, as parts of a sentence."""
    if state.retired:
        reason = state.retirement_reason.rstrip(".")
        return [f"This review was retired on {state.retired_on}: {reason}"]
    searched = f"last search {state.last_search}" if state.last_search else "not yet searched"
    never = sum(not source.last_search for source in state.sources)
    missing = f"{never} of {_counted(len(state.sources), 'database')} not yet searched"
    return [f"Data version {state.version}", searched, *([missing] if never else [])]


def due(state: Status) -> list[str]:
    """Return when the next search is due; said again by ``status.js`` in the reader's browser."""
    if not state.next_due:
        return []
    if not state.days_overdue:
        return [f"next search due {state.next_due}"]
    ago = _counted(state.days_overdue, "day")
    return [f"next search was due {state.next_due}, {ago} ago"]


def waiting(state: Status) -> list[str]:
    """Return what people still have to decide."""
    if state.retired:
        return []
    parts = []
    if state.undecided:
        parts.append(f"{_counted(state.undecided, 'record')} not yet judged")
    if state.disagreements:
        parts.append(f"{state.disagreements} judged differently by two reviewers")
    if state.stale_ratings:
        ratings = _counted(len(state.stale_ratings), "certainty rating")
        parts.append(f"{ratings} older than the data")
    return parts


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _source(name: str, runs: Iterable[Row], protocol: Protocol) -> SourceStatus:
    last = max((row["date"] for row in runs if row["source"] == name), default="")
    if not last:
        return SourceStatus(name, "", protocol.started_on.isoformat())
    following = date.fromisoformat(last) + timedelta(days=protocol.search_every_days)
    return SourceStatus(name, last, following.isoformat())
