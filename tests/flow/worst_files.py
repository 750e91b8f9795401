"""Files made to be slow or large to check. `python -m tests.flow.worst_files` says what each of them takes.

Each line: its name, the seconds of processor time that it took, and the most memory in use so far, in MB.
"""

from __future__ import annotations

import resource
from pathlib import Path
from time import process_time

from checkin.flow.load import load_flow, load_program

FLOWS = Path(__file__).parents[2] / "flows"
HEAD = "flow: test\ntitle: A test\nstart:\n  - staff: true\nsteps:\n"
END = "  done:\n    end: done\n"
TEXT = "{ en: Hi, es: Hola }"
LADDER = "    no_reply: [{ after: 1h, go: done }]\n"


def most_memory() -> int:
    """Return the most memory that this program has used so far, in MB.

    Linux starts `ru_maxrss` with what the process had in use that started this one, so it is asked elsewhere.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * 1024)  # bytes on macOS
    (peak,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) // 1024


def said(text: str) -> str:
    """Return a flow that says this text, as it is written."""
    return f"{HEAD}  a:\n    say: {text}\n    go: done\n{END}"


def branched(lines: str) -> str:
    """Return a flow with one step that goes on by these branches."""
    return f"{HEAD}  a:\n    say: {TEXT}\n    then:\n{lines}{END}"


def many_cases() -> str:
    """Return a flow in which every question has as many cases as are gone through."""
    condition = " or ".join(f"window_minutes == {number}" for number in range(4))
    steps = (
        f"  s{n}:\n    ask: {TEXT}\n    answer: {{ scale: [1, 60], save_as: m }}\n"
        f"    then: [{{ if: m > 50, go: t{n} }}, {{ go: s{n + 1} }}]\n{LADDER}"
        f"  t{n}:\n    say: {TEXT}\n    then: [{{ if: {condition}, go: al }}, {{ if: has_contact, go: al }},"
        " { go: al }]\n"
        for n in range(245)
    )
    return HEAD + "".join(steps) + "  s245:\n    end: done\n  al:\n    alert: low\n    go: done\n" + END


def files() -> dict[str, str]:
    """Return the files by name."""
    return {
        "unknown steps": branched(
            "".join(f"      - {{ if: window_minutes == {n}, go: dona{n} }}\n" for n in range(5_800))
        ),
        "many cases": many_cases(),
        "open braces": said("'" + "{" * 390_000 + "'"),
        "languages": HEAD
        + "  a:\n    say:\n"
        + "".join(f"      l{n}: w\n" for n in range(9_000))
        + "    go: done\n"
        + END,
        "nested": "{a: " * 50_000,
        "aliases": "a: &a [x, x]\nb: &b [*a, *a]\n" * 9_000,
    }


def main() -> None:
    """Check each file, and say what it took."""
    program, _ = load_program(FLOWS)
    if program is None:
        raise SystemExit("the program of flows/ cannot be read")
    for name, source in files().items():
        began = process_time()
        load_flow(source, file="worst.yaml", program=program)
        memory = most_memory()
        print(f"{name.replace(' ', '-')} {process_time() - began:.2f} {memory}")


if __name__ == "__main__":
    main()
