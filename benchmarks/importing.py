"""An import of 50,000 rows with 5% wrong, on SQLite: time, memory, and what a kill half-way leaves.

Run it as `python -m benchmarks.importing [rows]`.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLOWS = Path(__file__).resolve().parents[1] / "flows"
WRONG = ("1.20256E+10", "12", "n/a", "202-555-0101 ext 4", "+1 202 555 0101 / 202 555 0102", "")
FORMS = ("({0}) {1}-{2}", "{0}-{1}-{2}", "+1{0}{1}{2}", "1 {0} {1} {2}", "{0}{1}{2}.0", "cell {0}.{1}.{2}")
AREAS = ("202", "212", "303", "312", "415", "617", "702", "713", "808", "907")
CHECKIN = [sys.executable, "-c", "from checkin.cli import main; main()"]
COMMAND = [*CHECKIN, "members", "import", "people.csv", "--format", "json"]


def write(path: Path, rows: int) -> None:
    """Write a list in which every twentieth row is wrong."""
    dice = random.Random(5)
    lines = ["phone,name,language,zone,consent"]
    for index in range(rows):
        if index % 20 == 7:
            lines.append(f'"{dice.choice(WRONG)}",Name {index},en,,yes')
            continue
        line, last = divmod(index // len(AREAS), 10_000)
        number = dice.choice(FORMS).format(AREAS[index % len(AREAS)], 230 + line, f"{last:04}")
        lines.append(f"{number},Name {index},en,,{dice.choice(('yes', ''))}")
    path.write_text("\n".join(lines))


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run([*COMMAND, *arguments], cwd=folder, env=_environ(), capture_output=True, text=True)


def _environ() -> dict[str, str]:
    key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    root = str(FLOWS.parent)
    return {**os.environ, "CHECKIN_FLOWS": str(FLOWS), "CHECKIN_SECRET_KEYS": key, "PYTHONPATH": root}


def counts(folder: Path) -> tuple[int, ...]:
    """Return how many members, timers and people there are."""
    with sqlite3.connect(folder / "var" / "checkin.sqlite3") as database:
        return tuple(
            int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
            for table in ("members", "timers", "people")
        )


def main() -> None:
    """Measure, and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "people.csv", rows)
        for what in (["migrate"], ["flows", "publish"]):
            subprocess.run([*CHECKIN, *what], cwd=folder, env=_environ(), check=True)
        before = counts(folder)
        began = time.monotonic()
        dry = run(folder, "--dry-run")
        whole = time.monotonic() - began
        print(f"dry run: {whole:.1f} s, {len(dry.stdout.splitlines())} rows told")
        for share in (0.5, 0.8, 0.95, 1.05, 1.15):
            process = subprocess.Popen(
                [*COMMAND, "--skip-invalid"],
                cwd=folder,
                env=_environ(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                process.wait(timeout=whole * share)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            print(
                f"killed after {whole * share:.1f} s: members, timers, people"
                f" {counts(folder)} (before: {before})"
            )
            if process.returncode >= 0:
                break
        began = time.monotonic()
        done = run(folder, "--skip-invalid")
        seconds = time.monotonic() - began
        found = [json.loads(line) for line in done.stdout.splitlines()]
        wrong = [one for one in found if one["status"] == "invalid"]
        unexplained = sum(not (one["problem"] and one["mend"]) for one in wrong)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(
            f"import: {seconds:.1f} s, at most {memory:.0f} MB; {len(wrong)} wrong, {unexplained} unexplained"
        )
        again = [json.loads(line)["status"] for line in run(folder, "--skip-invalid").stdout.splitlines()]
        print("again:", {status: again.count(status) for status in sorted(set(again))}, counts(folder))


if __name__ == "__main__":
    main()
