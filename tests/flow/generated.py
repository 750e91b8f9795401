"""Random flows, drawn from a seed: most are sound, some have one thing wrong with them.

What is drawn is plain data; `written` makes a file of it. A seed always draws the same.
"""

from __future__ import annotations

from random import Random
from typing import Any, Literal

import yaml

Data = dict[str, Any]

FACTS = ("has_contact", "contact_name == none", "contact_name != none", "not has_contact")
CHOICES = {"walk": ["walk", "a walk"], "call": "call", "rest": ["rest", "sleep"]}
TAKEN = ("later", "stop", "help", "walk")
"""Words that mean something else, for a choice that collides."""


class Draw:
    """Draws one flow. `spoil` is how often something is drawn that may be wrong, from 0 to 1."""

    def __init__(self, seed: int, spoil: float = 0.04, *, more: int = 0) -> None:
        self.random = Random(seed)
        self.spoil = spoil
        self.count = self.random.randint(2, 6) + more
        self.kept: list[tuple[str, str]] = []
        self.asked: list[str] = []

    def flow(self) -> Data:
        """Return the flow."""
        steps: Data = {f"s{at}": self.step(at) for at in range(self.count)}
        steps["done"] = {"end": "done"}
        return {"flow": "drawn", "title": "Drawn", "start": [{"staff": True}], "steps": steps}

    def wrong(self) -> bool:
        """Whether to draw something that may be wrong."""
        return self.random.random() < self.spoil

    def step(self, at: int) -> Data:
        """Return step number `at`."""
        kinds = (
            ["say"] * 4
            + ["ask"] * 9
            + ["alert", "task", "wait", "wait", "set", "set", "repeat", "consent", "measure"]
        )
        kind = self.random.choice(kinds if at else ["say", "ask", "ask", "ask"])
        match kind:
            case "ask":
                return self.ask(at)
            case "alert":
                return {"alert": "low", **self.ways(at)}
            case "task":
                return {"task": {"kind": "look_in", "note": "Please look in."}, **self.ways(at)}
            case "wait":
                until = {"until": "friday", "at": "18:00"}
                return {"wait": until if self.random.random() < 0.3 else "1d", **self.ways(at)}
            case "measure":
                ways = self.ways(at, [("mood_score", "number")])
                self.kept.append(("mood_score", "number"))
                return {"measure": "mood", **ways, "no_reply": self.ladder(at)}
            case "set":
                name, value = self.random.choice((("plan", "walk"), ("plan", "call"), ("n", 1), ("n", 2)))
                ways = self.ways(at)
                self.kept.append((name, "text" if name == "plan" else "number"))
                return {"set": {name: value}, **ways}
            case "repeat" if at > 1:
                return {"repeat": f"s{self.random.randrange(at)}", "at_most": 2, **self.ways(at)}
            case "consent" if self.asked:
                asked = self.random.choice(self.asked)
                return {"consent": {"given": True, "asked_in": asked}, **self.ways(at)}
            case _:
                return {"say": self.text("Hello there."), **self.ways(at)}

    def text(self, words: str) -> Any:
        """Return a text in both languages, which may use a name."""
        name = " {first_name}"
        if self.kept and (self.wrong() or self.random.random() < 0.1):
            name = f" {{{self.random.choice(self.kept)[0]}}}"
        both = {"en": words + name, "es": words + name}
        return {"en": both["en"]} if self.wrong() and self.wrong() else both

    def ask(self, at: int) -> Data:
        """Return a question with its answer and its ladder."""
        kind = self.random.choice(("yes_no", "yes_no", "scale", "choice", "text", "number"))
        answer: Data = {
            "yes_no": {"yes_no": True}, "scale": {"scale": [1, 3]}, "choice": {"choice": dict(CHOICES)},
            "text": {"text": True}, "number": {"number": [0, 4]},
        }[kind]  # fmt: skip
        if kind == "choice" and self.wrong():
            answer["choice"]["other"] = self.random.choice(TAKEN)
        name = self.random.choice(("a", "b", "plan", "n"))
        type_ = {"scale": "number", "number": "number"}.get(kind, "text")
        saves = (
            self.random.random() < 0.6 and (name, "number" if type_ == "text" else "text") not in self.kept
        )
        own = [(name, type_)] if saves else []
        step = {"ask": self.text("How is it, 1 to 3, a walk, a call, or rest?"), "answer": answer}
        step |= self.ways(at, [*own, ("answer", kind)])
        if saves:
            answer["save_as"] = name
            self.kept.append((name, type_))
        self.asked.append(f"s{at}")
        if not self.wrong():
            step["no_reply"] = self.ladder(at)
        return step | ({"skip": self.target(at)} if self.random.random() < 0.1 else {})

    def ladder(self, at: int) -> list[Data]:
        """Return what happens in silence."""
        rungs: list[Data] = []
        hours = 0
        for _ in range(self.random.choice((0, 0, 1, 2))):
            hours += 0 if self.wrong() else self.random.randint(1, 5)
            rung: Data = {"after": f"{max(hours, 1)}h"}
            if not self.wrong():
                rung |= (
                    {"say": self.text("No rush.")} if self.random.random() < 0.8 else {"call": "this_step"}
                )
            rungs.append(rung | ({"go": "done"} if self.wrong() and self.wrong() else {}))
        last: Data = {"after": f"{hours + 9}h"}
        return [*rungs, last if self.wrong() else last | {"go": self.target(at)}]

    def target(self, at: int) -> str:
        """Return a step to go to: mostly one further down."""
        if self.random.random() < 0.12 + self.spoil:
            return f"s{self.random.randrange(self.count)}"
        return "done" if self.random.random() < 0.3 else self.following(at)

    def following(self, at: int) -> str:
        """Return the step below this one."""
        return f"s{at + 1}" if at + 1 < self.count else "done"

    def ways(self, at: int, own: list[tuple[str, str]] | None = None) -> Data:
        """Return where a step goes on; `own` are the names that a question's own answer has."""
        first = self.target(at) if self.wrong() else self.following(at)
        if self.random.random() < (0.35 if own else 0.7):
            return {"go": first}
        then: list[Data] = []
        for _ in range(self.random.choice((1, 1, 2))):
            then.append({"if": self.condition(own or []), "go": self.target(at)})
        if not self.wrong():
            then.append({"go": first})
        return {"then": then}

    def condition(self, own: list[tuple[str, str]]) -> str:
        """Return a condition on the answer, on what was kept, or on what is known of the member."""
        names = own * 3 + (self.kept if self.random.random() < 0.5 or self.wrong() else [])
        if not names or self.random.random() < 0.25:
            return self.random.choice(FACTS)
        name, type_ = self.random.choice(names)
        simple = f"{name} {self.compared(type_)}"
        if self.random.random() < 0.2:
            return f"{simple} {self.random.choice(('and', 'or'))} {self.random.choice(FACTS)}"
        return f"not {simple}" if self.random.random() < 0.1 else simple

    def compared(self, type_: str) -> str:
        """Return what a name of this type is compared with."""
        if type_ in ("number", "scale"):
            return f"{self.random.choice(('<=', '>', '=='))} {self.random.randint(0, 4)}"
        if type_ == "yes_no":
            return f"== {self.random.choice(('yes', 'no'))}"
        return f'{self.random.choice(("==", "!="))} "{self.random.choice(("walk", "call", "yes"))}"'


INNER: dict[str, str] = {
    "offers": """flow: offers
title: Inner
start:
  - by_flow: true
steps:
  offer:
    ask: { en: "Shall somebody call? YES or NO", es: "¿Te llama alguien? SÍ o NO" }
    answer: { yes_no: true, save_as: wanted }
    then:
      - if: wanted == yes
        go: bring
      - go: not_now
    no_reply:
      - after: 9h
        go: silent
  bring: { alert: low, go: asked }
  asked: { end: asked }
  not_now: { end: not_now }
  silent: { end: silent }
""",
    "counts": """flow: counts
title: Inner
start:
  - by_flow: true
steps:
  later: { wait: 1d, go: many }
  many:
    ask: { en: "How many, 0 to 4?", es: "¿Cuántos, de 0 a 4?" }
    answer: { number: [0, 4], save_as: many }
    skip: none_said
    then:
      - if: many >= 3 and has_contact
        go: much
      - go: few
    no_reply:
      - after: 2h
        say: { en: "No rush.", es: "Sin prisa." }
      - after: 9h
        go: none_said
  much: { end: much }
  few: { end: few }
  none_said: { end: none_said }
""",
}
"""Flows that others run: their sources by name."""
ENDS = {"offers": ("asked", "not_now", "silent"), "counts": ("much", "few", "none_said")}


class Widen:
    """Puts into a drawn flow what `Draw` does not know: flows inside it, days, invitations, plurals.

    It has chance of its own, so that what the seeds draw without it stays the same.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(f"wide {seed}")

    def flow(self, data: Data) -> Data:
        """Return the flow with some of its steps that only say something made into others."""
        steps: Data = {}
        for name, one in data["steps"].items():
            if "say" in one and self.random.random() < 0.7:
                kind = self.random.choice((self.run, self.day, self.invite, self.plural))
                steps.update(kind(name, {key: one[key] for key in ("go", "then") if key in one}))
            else:
                steps[name] = one
        return {**data, "steps": steps}

    def run(self, name: str, ways: Data) -> Data:
        """Return a step that goes through another flow, and may ask how it ended."""
        inner = self.random.choice(sorted(INNER))
        if self.random.random() < 0.6:
            how = f'{inner}_ended {self.random.choice(("==", "!="))} "{self.random.choice(ENDS[inner])}"'
            if inner == "counts" and self.random.random() < 0.4:
                how = f"many {self.random.choice(('<', '>='))} {self.random.randint(1, 4)}"
            ways = {"then": [{"if": how, "go": "done"}, *ways.get("then", [{"go": ways.get("go")}])]}
        return {name: {"run": inner, **ways}}

    def day(self, name: str, ways: Data) -> Data:
        """Return a question for a day, and a wait until then or a look at which day it is."""
        ask = {
            "ask": {"en": "Which day?", "es": "¿Qué día?"},
            "answer": {"date": True, "save_as": f"{name}_day"},
            "no_reply": [{"after": "9h", "go": "done"}],
        }
        if self.random.random() < 0.5:
            wait = {"until": f"{name}_day", "at": "09:00"}
            return {name: {**ask, "go": f"{name}_wait"}, f"{name}_wait": {"wait": wait, **ways}}
        compared = self.random.choice(("== today", ">= today", '> "2026-12-01"', "< today", "== none"))
        then = [{"if": f"{name}_day {compared}", "go": "done"}, *ways.get("then", [{"go": ways.get("go")}])]
        return {name: {**ask, "then": then}}

    def invite(self, name: str, ways: Data) -> Data:
        """Return a question for a name and one for a number, and the invitation."""
        silent = [{"after": "9h", "go": self.random.choice(("done", f"{name}_in"))}]
        return {
            name: {
                "ask": {"en": "Who?", "es": "¿Quién?"}, "answer": {"text": True, "save_as": "friend"},
                "go": f"{name}_number", "no_reply": [{"after": "9h", "go": "done"}],
            },
            f"{name}_number": {
                "ask": {"en": "And {friend}'s number?", "es": "¿Y el número de {friend}?"},
                "answer": {"phone": True, "save_as": "friend_number"},
                "go": f"{name}_in", "no_reply": silent,
            },
            f"{name}_in": {"invite": {"name": "friend", "number": "friend_number"}, **ways},
        }  # fmt: skip

    def plural(self, name: str, ways: Data) -> Data:
        """Return a question for a number, and a text that goes on by it."""
        one, many = f"{{{name}_n}} walk.", f"{{{name}_n}} walks."
        both = {language: {"one": one, "other": many} for language in ("en", "es")}
        ask = {
            "ask": {"en": "How many walks, 0 to 2?", "es": "¿Cuántos paseos, de 0 a 2?"},
            "answer": {"number": [0, 2], "save_as": f"{name}_n"},
            "no_reply": [{"after": "9h", "go": self.random.choice(("done", "done", f"{name}_told"))}],
            "go": f"{name}_told",
        }
        return {name: ask, f"{name}_told": {"say": both, **ways}}


class Unlink:
    """Makes of a drawn flow one whose answers are counted and kept with nobody; mostly a sound one."""

    def __init__(self, seed: int, spoil: float) -> None:
        self.random = Random(f"unlinked {seed}")
        self.spoil = spoil

    def flow(self, data: Data) -> Data:
        """Return the flow with `unlinked: true`, without what is about one person."""
        steps = {name: self.step(name, one) for name, one in data["steps"].items()}
        return {**data, "unlinked": True, "steps": steps}

    def step(self, name: str, one: Data) -> Data:
        """Return one step as it may stand there."""
        if "ask" in one:
            return self.ask(name, one)
        ways = self.ways(one)
        if {"end", "wait", "repeat"} & one.keys() or ("alert" in one and self.wrong()):
            return {**one, **ways}
        return {"say": {"en": "Hello there.", "es": "Hola."}, **ways}

    def ask(self, name: str, one: Data) -> Data:
        """Return a question whose answers can be counted."""
        answer = {key: value for key, value in one["answer"].items() if key != "save_as"}
        if answer.keys() <= {"text", "number"} and not self.wrong():
            answer = self.random.choice(({"scale": [1, 3]}, {"yes_no": True}))
        if not self.wrong():
            answer["save_as"] = f"{name}_count"
        words = {
            "en": "How is it, 1 to 3, a walk, a call, or rest?",
            "es": "¿Qué tal, walk, call, rest, 1 a 3?",
        }
        rungs = [
            {key: rung[key] for key in ("after", "call", "go") if key in rung}
            for rung in one.get("no_reply", ())
        ]
        rungs = [rung if len(rung) > 1 else {**rung, "call": "this_step"} for rung in rungs]
        step = {"ask": words, "answer": answer, "no_reply": rungs, **self.ways(one)}
        return step | ({"skip": one["skip"]} if "skip" in one else {})

    def ways(self, one: Data) -> Data:
        """Return where a step goes on: by what is known of the member, and seldom by an answer."""
        if "then" not in one:
            return {key: one[key] for key in ("go",) if key in one}
        then = one["then"]
        if not self.wrong():
            asked = [
                {**branch, "if": self.random.choice(FACTS)} if "if" in branch else branch for branch in then
            ]
            then = asked
        return {"then": then}

    def wrong(self) -> bool:
        """Whether to leave something that may be wrong."""
        return self.random.random() < self.spoil


def chain(seed: int, spoil: float) -> Data:
    """Return a flow of many steps that follow one another, mostly with a wait between them in time."""
    random = Random(f"chain {seed}")
    count = random.randint(90, 130)
    wait = random.randrange(20, 80) if random.random() >= spoil * 3 else None
    branch = random.randrange(count - 20)
    steps: Data = {}
    for at in range(count):
        following = f"s{at + 1}" if at + 1 < count else "done"
        if at == wait:
            steps[f"s{at}"] = {"wait": "1d", "go": following}
        elif at == branch:
            jump = f"s{random.randrange(at + 1, count)}"
            then = [{"if": random.choice(FACTS), "go": jump}, {"go": following}]
            steps[f"s{at}"] = {"set": {"n": at}, "then": then}
        else:
            steps[f"s{at}"] = {"set": {"n": at}, "go": following}
    steps["done"] = {"end": "done"}
    return {"flow": "drawn", "title": "Drawn", "start": [{"staff": True}], "steps": steps}


class _Dumper(yaml.CSafeDumper):
    """Writes everything out: flows know no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def written(data: Data) -> str:
    """Return a flow's data as a file."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000)
    return text


Sort = Literal["plain", "wide", "long", "unlinked", "chain"]
"""What is drawn: a small flow; one with flows in it, days, invitations and plurals; one of many steps; one
whose answers are kept with nobody; and a chain of steps that nothing stops."""


def drawn(seed: int, spoil: float = 0.04, sort: Sort = "plain") -> Data:
    """Return the flow that this seed draws."""
    match sort:
        case "chain":
            return chain(seed, spoil)
        case "long":
            return Draw(seed, spoil / 3, more=6).flow()
        case "wide":
            return Widen(seed).flow(Draw(seed, spoil).flow())
        case "unlinked":
            return Unlink(seed, spoil).flow(Draw(seed, 0).flow())
        case "plain":
            return Draw(seed, spoil).flow()
