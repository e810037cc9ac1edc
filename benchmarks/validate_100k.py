"""Time and peak memory of validating 100,000 rows: ``python benchmarks/validate_100k.py``.

The rows are those of ``data/studies.csv``, repeated under other study names until there are
enough, so that every check has to work on each of them.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from analysis.evidence import read_table, validate, write_table_atomically
from analysis.evidence.faults import errors_in

ROWS = 100_000


def many_rows(rows: list[dict[str, str]], count: int) -> list[dict[str, str]]:
    """Return `count` rows made from a few, each copy under names of its own."""
    copies = -(-count // len(rows))
    return [
        row
        | {
            "study_id": f"{row['study_id']}_{copy}",
            "participants_id": ";".join(
                f"{name}_{copy}" for name in row["participants_id"].split(";")
            ),
            "note": f"{row['note']} Copy {copy}.".strip(),
        }
        for copy in range(copies)
        for row in rows
    ][:count]


def write(path: Path) -> None:
    """Write the rows."""
    write_table_atomically("studies", many_rows(read_table("studies").rows, ROWS), path)


def measure(path: Path) -> None:
    """Validate the rows and print the figures."""
    start = time.perf_counter()
    faults = validate([path])
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{path.stat().st_size / 1e6:.0f} MB, {len(faults)} faults kept "
        f"({sum(1 for _ in errors_in(faults))} errors): {seconds:.1f} s, peak {peak:.0f} MB"
    )


def main() -> None:
    """Write and measure, each in a process of its own: a peak is never given back."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "studies.csv"
        for step in ("write", "measure"):
            subprocess.run([sys.executable, __file__, step, str(path)], check=True)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        {"write": write, "measure": measure}[sys.argv[1]](Path(sys.argv[2]))
    else:
        main()
