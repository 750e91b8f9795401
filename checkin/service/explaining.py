"""Explain replies outside of any conversation, for staff and for whoever tests the reader.

Knows the flows in their folder and the reader. Must not know the database: nothing is stored, nothing sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from checkin.conversation.explain import Explanation, explain
from checkin.conversation.understanding import Context, Question
from checkin.flow.answer_forms import AnswerFormRefused, read_answer
from checkin.flow.guess import did_you_mean
from checkin.flow.load import FlowSet, load_folder
from checkin.flow.model import Ask, Flow, RecordConsent
from checkin.service.words import make_reader

_ASKED = "Give `flow` and `step`, or `answer`, or `context`."


class NotExplained(Exception):
    """A reply that cannot be explained: what is wrong, and how to mend it. Neither holds the reply's text."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend


class Explainer:
    """Explains replies with the flows of a folder. Raises `ProgramRefused` where it can't be read."""

    def __init__(self, folder: Path) -> None:
        self._flow_set: FlowSet = load_folder(folder)
        self._reader = make_reader(self._flow_set.program)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Return the languages that there are packs for."""
        return self._reader.lexicon.languages

    def explain_line(self, line: bytes) -> Explanation:
        """Explain the reply in a line of JSON. Raises `NotExplained`."""
        try:
            request = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            raise NotExplained("The line is not readable as JSON.", "Write one JSON object a line.") from None
        if not isinstance(request, dict):
            raise NotExplained(
                "The line is not a JSON object.", 'For example: {"text": "meh", "language": "en", …}'
            )
        return self.explain(request)

    def explain(self, request: Mapping[str, object]) -> Explanation:
        """Explain the reply `text` in `language` to what was asked: `flow` and `step`, `answer` or `context`.

        Raises `NotExplained`.
        """
        text, language = request.get("text"), request.get("language")
        if not isinstance(text, str):
            raise NotExplained("There is no `text`.", "Give the reply as a string; it may be empty.")
        if language not in self.languages:
            known = ", ".join(self.languages)
            raise NotExplained("`language` is none that replies are read in.", f"Use one of: {known}.")
        return explain(self._reader, text, str(language), self._question(request))

    def _question(self, request: Mapping[str, object]) -> Question:
        given = [key for key in ("flow", "answer", "context") if request.get(key) is not None]
        if len(given) != 1:
            what = "more than once" if given else "not"
            raise NotExplained(f"It is {what} said what was asked.", _ASKED)
        match given[0]:
            case "flow":
                return self._of_step(request["flow"], request.get("step"))
            case "answer":
                return self._of_form(request["answer"])
            case _:
                return _of_context(request["context"])

    def _of_form(self, form: object) -> Question:
        try:
            return Question(read_answer(form, self.languages))
        except AnswerFormRefused as refused:
            mend = 'Write it as in a flow, for example: {"scale": [1, 5]}.'
            raise NotExplained(f"`answer` can't be read: {refused}", mend) from None

    def _of_step(self, flow_name: object, step_name: object) -> Question:
        flow = self._flow_set.flows.get(str(flow_name))
        if flow is None:
            raise _unknown("flow", flow_name, list(self._flow_set.flows))
        step = flow.steps.get(str(step_name))
        if not isinstance(step, Ask):
            asking = [name for name, one in flow.steps.items() if isinstance(one, Ask)]
            raise _unknown("step that asks", step_name, asking)
        return asked_by(flow, step)


def asked_by(flow: Flow, step: Ask) -> Question:
    """Return what a step of a flow asks, and in which situation whoever answers is."""
    context = Context.JOINING if _is_consent(flow, step) else Context.NONE
    return Question(step.answer, context, step.text)


def _is_consent(flow: Flow, step: Ask) -> bool:
    """Whether this step asks for consent to check-ins: whoever is asked it is joining."""
    return any(isinstance(one, RecordConsent) and one.asked_in == step.name for one in flow.steps.values())


def _of_context(named: object) -> Question:
    if not isinstance(named, str) or named not in set(Context):
        raise _unknown("context", named, [one.value for one in Context])
    return Question(context=Context(named))


def _unknown(what: str, given: object, known: list[str]) -> NotExplained:
    named = given if isinstance(given, str) and len(given) <= 40 else "that"
    guess = did_you_mean(str(given), known)
    mend = f"Did you mean {guess}?" if guess else f"Use one of: {', '.join(known)}."
    return NotExplained(f"There is no {what} {named!r}.", mend)
