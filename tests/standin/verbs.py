"""Twilio's verbs and attributes as its own library has them, and whether a document keeps to them.

The library's builder has a method for each verb and an argument for each attribute; it writes `finish_on_key`
as `finishOnKey`, as Twilio's pages do.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

from twilio.twiml.voice_response import Gather, Say, VoiceResponse

_METHODS: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("Response", "Say"): VoiceResponse.say,
    ("Response", "Gather"): VoiceResponse.gather,
    ("Response", "Redirect"): VoiceResponse.redirect,
    ("Response", "Pause"): VoiceResponse.pause,
    ("Response", "Hangup"): VoiceResponse.hangup,
    ("Gather", "Say"): Gather.say,
    ("Gather", "Pause"): Gather.pause,
    ("Say", "prosody"): Say.prosody,
}
_TEXTS = {"message", "words", "url", "self", "kwargs"}


def _camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def attributes(parent: str, verb: str) -> set[str]:
    """Return the attributes that Twilio knows of a verb inside another."""
    names = set(inspect.signature(_METHODS[parent, verb]).parameters) - _TEXTS
    return {_camel(name) for name in names}


def breaches(document: bytes | str) -> list[str]:
    """Return everything in a document that Twilio does not know, in words."""
    found: list[str] = []

    def look(element: ElementTree.Element) -> None:
        for child in element:
            place = (element.tag, child.tag)
            if place not in _METHODS:
                found.append(f"<{child.tag}> inside <{element.tag}>")
                continue
            known = attributes(*place)
            found.extend(f"{name} of <{child.tag}>" for name in child.attrib if name not in known)
            look(child)

    root = ElementTree.fromstring(document)
    if root.tag != "Response":
        found.append(f"<{root.tag}> is no <Response>")
    look(root)
    return found
