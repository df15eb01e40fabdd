"""Elements of an XML log by their number, as adapters note them: `testcase 17`, or `/results/results/3`."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from evaluations.logs.pointers import Unfound
from evaluations.logs.refusal import LogRefused
from evaluations.logs.source import LogSource
from evaluations.logs.streaming import Rationed
from evaluations.logs.values import text_of

NAMED = re.compile(r"(testcase) ([0-9]{1,9})")
POINTER = re.compile(r"/((?:[A-Za-z_][\w.-]*/)+)([0-9]{1,9})")
Wanted = Callable[[list[str]], bool]


def is_xml(source: LogSource) -> bool:
    """Whether the file starts as an XML document does."""
    return source.head().lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def element_at(source: LogSource, place: str) -> str:
    """Return the element at a place as text: counted from 1 by its name, from 0 by a pointer below the root.

    Raises Unfound, and LogRefused for what is no XML or declares a DTD or entities.
    """
    wanted, number = _wanted(place)
    try:
        return _numbered(Rationed(source), wanted, number, source.budget.depth)
    except LogRefused:
        raise
    except DefusedXmlException:
        raise LogRefused("xml-entities", "The XML declares a DTD or entities, which are not read.") from None
    except (ParseError, ValueError, LookupError) as error:
        if isinstance(error, Unfound):
            raise Unfound(place) from None
        raise LogRefused("not-xml", f"The XML cannot be read: {text_of(str(error))}.", pointer=place) from None


def _wanted(place: str) -> tuple[Wanted, int]:
    if found := NAMED.fullmatch(place):
        return (lambda path: path[-1] == found[1]), int(found[2])
    if found := POINTER.fullmatch(place):
        below_root = found[1].rstrip("/").split("/")
        return (lambda path: path[1:] == below_root), int(found[2]) + 1
    raise Unfound(place)


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _numbered(stream: Rationed, wanted: Wanted, number: int, deepest: int) -> str:
    path: list[str] = []
    open_elements: list[Element] = []
    inside = 0  # the depth of the wanted element while it is read, so that nothing of it is dropped
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            path.append(_tag(element))
            open_elements.append(element)
            if len(path) > deepest:
                raise LogRefused("too-deep", f"The document is nested deeper than {deepest} levels.")
            if not inside and wanted(path):
                number -= 1
                inside = len(path) if not number else 0
            continue
        if inside == len(path):
            element.tail = None
            return tostring(element, encoding="unicode")
        path.pop()
        open_elements.pop()
        if not inside:
            element.clear()
            stream.renew()
            if open_elements:
                open_elements[-1].remove(element)
    raise Unfound("")
