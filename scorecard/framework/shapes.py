"""What Pydantic finds wrong with the shape of a framework document, in an editor's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from scorecard.framework.faults import DocumentFault, Path, nearest
from scorecard.framework.naming import evaluation_slug

SLUG_WORDS = "lower-case letters, digits, '.', '_' and '-', beginning with a letter or a digit"
LONGEST_SHOWN = 60
BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}

WANTED = {
    "string": "a text", "tuple": "a list", "model": "a table", "bool": "true or false", "float": "a number",
    "int": "a whole number",
}  # fmt: skip
"""What Pydantic calls a type -> what an editor calls it."""
SIZES = {
    "string_too_long": ("max_length", "at most {} characters"),
    "string_too_short": ("min_length", "at least {} character"),
    "too_short": ("min_length", "at least {} of them"),
}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]


def _keys_at(root: type[BaseModel], path: Path) -> list[str]:
    """Return the keys that may stand in the table at `path`."""
    model = root
    for part in path:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if isinstance(part, str):
            found = _models_in(fields[part].annotation) if part in fields else []
            if not found:
                return []
            model = found[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def _unknown(row: ErrorDetails, root: type[BaseModel]) -> DocumentFault:
    path = row["loc"]
    keys = _keys_at(root, path[:-1])
    return DocumentFault(path, f"unknown key {path[-1]!r}", ", ".join(keys), nearest(path[-1], keys))


def _missing(row: ErrorDetails, root: type[BaseModel]) -> DocumentFault:
    path = row["loc"]
    # A misspelt key is told as an unknown one; both together say what happened.
    return DocumentFault(path, f"the key {path[-1]!r} is missing")


def _not_listed(row: ErrorDetails, root: type[BaseModel]) -> DocumentFault:
    allowed = re.findall(r"'([^']*)'", str(row["ctx"]["expected"]))
    value = row["input"]
    return DocumentFault(row["loc"], f"{_shown(value)} is not known here", ", ".join(allowed), nearest(value, allowed))


def _pattern(row: ErrorDetails, root: type[BaseModel]) -> DocumentFault:
    value = str(row["input"])
    if r"\d{4}" in str(row["ctx"]["pattern"]):
        return DocumentFault(row["loc"], f"{_shown(value)} is no day", 'a day as "YYYY-MM-DD"')
    made = evaluation_slug(value)
    return DocumentFault(row["loc"], f"{_shown(value)} is no short name", SLUG_WORDS, repr(made) if made else "")


def _bound(row: ErrorDetails, root: type[BaseModel]) -> DocumentFault:
    key, words = BOUNDS[row["type"]]
    return DocumentFault(row["loc"], f"{_shown(row['input'])} is out of range", f"{words} {row['ctx'][key]}")


def _wanted(row: ErrorDetails) -> str:
    """Say what is wanted where a value of another type or size stands."""
    kind = row["type"].removesuffix("_type").removesuffix("_parsing").removesuffix("_from_float")
    if row["type"] in SIZES:
        key, words = SIZES[row["type"]]
        return f"{words.format(row['ctx'][key])}"
    return WANTED.get(kind, row["msg"])


def _other(row: ErrorDetails, root: type[BaseModel]) -> DocumentFault:
    value = row["input"]
    if isinstance(value, date):
        words = f"{value.isoformat()} is a date where a text is wanted"
        return DocumentFault(row["loc"], words, "the same in quotes", f'"{value.isoformat()}"')
    found = "a list" if isinstance(value, list) else "a table" if isinstance(value, dict) else _shown(value)
    return DocumentFault(row["loc"], f"{found} does not fit", _wanted(row))


WORDED = {
    "extra_forbidden": _unknown, "missing": _missing, "literal_error": _not_listed,
    "string_pattern_mismatch": _pattern, **dict.fromkeys(BOUNDS, _bound),
}  # fmt: skip
"""What words a kind of fault; every other kind is worded by `_other`."""


def shape_faults(error: ValidationError, root: type[BaseModel]) -> list[DocumentFault]:
    """Return every fault of shape that Pydantic found in a document of the model `root`."""
    rows: list[ErrorDetails] = error.errors(include_url=False)
    return [WORDED.get(row["type"], _other)(row, root) for row in rows]


def schema_of(root: type[BaseModel]) -> Mapping[str, Any]:
    """Return the JSON Schema (2020-12) of the documents of the model `root`."""
    schema = root.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
