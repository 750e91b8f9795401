"""How long the questions of the shipped flows take to hear, read aloud by a speech synthesiser.

    python -m benchmarks.spoken                 # every question, in every language of the program
    python -m benchmarks.spoken --step daily.mood

Needs espeak-ng (Debian: `apt-get install espeak-ng`), which reads at 150 words a minute as it is asked to.
What is read is the whole turn of the call: the question, and how to answer it. Exit status 1 where the daily
check-in's is longer than 12 seconds.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path

from checkin.conversation.call import ask
from checkin.flow.load import load_folder
from checkin.flow.model import Ask
from checkin.flow.program import Program
from checkin.flow.speech import WORDS_A_MINUTE, seconds

FLOWS = Path(__file__).resolve().parents[1] / "flows"
VOICES = {"en": "en-us", "es": "es-419"}
DAILY, LONGEST = "daily.mood", 12.0
NAMES = {"first_name": "Alexandra", "friend_name": "Guadalupe", "contact_name": "Guadalupe"}


def read_aloud(text: str, language: str) -> float:
    """Return how many seconds espeak-ng takes to say this."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        voice = VOICES.get(language, language)
        command = ["espeak-ng", "-v", voice, "-s", str(WORDS_A_MINUTE), "-w", str(path), text]
        subprocess.run(command, check=True)
        with wave.open(str(path)) as said:
            return said.getnframes() / said.getframerate()


def questions() -> Iterator[tuple[str, Ask, Program]]:
    """Yield every question of the shipped flows as `flow.step`."""
    shipped = load_folder(FLOWS)
    for flow in shipped.flows.values():
        for name, step in flow.steps.items():
            if isinstance(step, Ask):
                yield f"{flow.name}.{name}", step, shipped.program


def main() -> int:
    """Measure, print a table, and say whether the daily check-in is short enough."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--step", help="only this question, such as daily.mood")
    only = parser.parse_args().step
    if shutil.which("espeak-ng") is None:
        print("espeak-ng is not here: apt-get install espeak-ng", file=sys.stderr)
        return 2
    good = True
    print(f"{'question':<32} language  read aloud  our estimate")
    for name, step, program in questions():
        if only not in (None, name):
            continue
        for language in program.languages:
            values = {**program.facts(language), **NAMES}
            said = " ".join(ask([step.text.spoken(language, values)], step.answer, language).says)
            length = read_aloud(said, language)
            print(f"{name:<32} {language:<8}  {length:8.1f} s  {seconds(said, language):10.1f} s")
            good = good and (name != DAILY or length <= LONGEST)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
