"""Replies as people write them, each against what a careful person would take it for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from checkin.conversation.labelled import question
from checkin.conversation.pack import load_packs
from checkin.conversation.read import Reader
from checkin.conversation.understanding import Category


def _phone(text: str) -> str | None:
    digits = "".join(c for c in text if c.isdigit())
    if len(digits) == 10:
        return "+1" + digits
    return "+" + digits if len(digits) == 11 else None


FILES = ("labelled_replies.yaml", "labelled_replies_second.yaml", "labelled_replies_safety.yaml")
READER = Reader(load_packs(), phone_reader=_phone)


def _cases() -> list[Any]:
    text = "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in FILES)
    cases = []
    for block in yaml.load(text, Loader=yaml.CBaseLoader):
        for reply, means in block["replies"].items():
            case = (block["asked"], block["language"], reply, means)
            cases.append(pytest.param(*case, id=f"{block['asked'][:16]}-{block['language']}-{reply!r}"))
    return cases


@pytest.mark.parametrize(("asked", "language", "reply", "means"), _cases())
def test_reply_means(asked: str, language: str, reply: str, means: str) -> None:
    category, *rest = means.split()
    also = tuple(Category(word[1:]) for word in rest if word[0] == "+" and word[1].isalpha())
    values = [word for word in rest if word[0] != "+" or word[1].isdigit()]
    found = READER.understand(reply, language, question(asked))
    assert found.category == Category(category), found
    assert found.also == also, found
    assert not values or str(found.value) == values[0], found
    assert found.rule
