"""Describing a source: what is said of it is checked before it is stored, and a change starts it afresh."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from evaluations.adapters.registry import adapters
from evaluations.binding import Binding, faults_of
from evaluations.models import Source
from evaluations.pulling.kinds import KINDS
from evaluations.pulling.offers import Options
from evaluations.pulling.scheduling import LONGEST_SCHEDULE, SHORTEST_SCHEDULE
from evaluations.pulling.secret import is_secret_name
from evaluations.reach import EVERYWHERE, Reach
from evaluations.report import Fault

SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
LONGEST_ADDRESS = 1000


class SourceRefused(ValueError):
    """Settings that cannot be: the faults, each with its place and remedy."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(fault.detail for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Settings:
    """What an administrator says of a source; `binding` as `Binding.to_dict` writes it."""

    kind: str
    address: str
    options: dict[str, Any] = field(default_factory=dict)
    binding: dict[str, Any] = field(default_factory=dict)
    format: str = ""
    """The format of its logs; empty for that of its kind."""
    schedule_seconds: int = 0
    """Seconds between two pulls; 0 for pulls on demand only."""
    enabled: bool = True
    secret_env: str = ""

    @classmethod
    def of(cls, source: Source) -> Settings:
        """Return the settings of a source."""
        return cls(**{name: getattr(source, name) for name in cls.__dataclass_fields__})

    def to_dict(self) -> dict[str, Any]:
        """Return the settings by name; a secret is among them by its name only."""
        return asdict(self)


def _options(settings: Settings) -> tuple[Options | None, list[Fault]]:
    try:
        return KINDS[settings.kind].options.model_validate(settings.options), []
    except ValidationError as error:
        faults = []
        for row in error.errors(include_url=False, include_input=False):
            pointer = "".join(f"/{part}" for part in ("options", *row["loc"]))
            known = ", ".join(sorted(KINDS[settings.kind].options.model_fields))
            faults.append(Fault(pointer, row["type"].replace("_", "-"), f"{row['msg']}.", f"Options are {known}."))
        return None, faults


def _address_faults(settings: Settings, options: Options) -> list[Fault]:
    address = settings.address
    if not address or len(address) > LONGEST_ADDRESS or not address.isprintable():
        words = f"An address has 1 to {LONGEST_ADDRESS} visible characters."
        return [Fault("/address", "address-malformed", words, "Check the address.")]
    if refused := KINDS[settings.kind].refused(address, options, bool(settings.secret_env)):
        return [Fault("/address", "address-refused", refused, "See docs/how-to/pull-from-a-source.md.")]
    return []


def faults_in(settings: Settings, within: Reach = EVERYWHERE) -> list[Fault]:
    """Return what is wrong with the settings of a source."""
    if settings.kind not in KINDS:
        remedy = f"Use one of {', '.join(sorted(KINDS))}."
        return [Fault("/kind", "unknown-kind", f"There is no kind of source {settings.kind!r}.", remedy)]
    options, faults = _options(settings)
    if options is not None:
        faults += _address_faults(settings, options)
    if settings.secret_env and not is_secret_name(settings.secret_env):
        words = "A secret is named by a variable SCORECARD_SECRET_NAME of capitals, digits and underscores."
        faults.append(Fault("/secret_env", "secret-name-refused", words, "Give the variable such a name."))
    if settings.schedule_seconds and not SHORTEST_SCHEDULE <= settings.schedule_seconds <= LONGEST_SCHEDULE:
        words = f"A schedule has {SHORTEST_SCHEDULE} to {LONGEST_SCHEDULE} seconds, or 0 for pulls on demand only."
        faults.append(Fault("/schedule_seconds", "out-of-range", words, "Choose another schedule."))
    if settings.format not in ("", "auto", *adapters()):
        remedy = f"Use auto, or one of {', '.join(sorted(adapters()))}."
        faults.append(Fault("/format", "unknown-format", f"There is no log format {settings.format!r}.", remedy))
    for fault in faults_of(Binding.of(settings.binding), within):
        faults.append(Fault(f"/binding{fault.pointer}", fault.code, fault.detail, fault.remedy))
    return faults


def _settled(settings: Settings, within: Reach) -> dict[str, Any]:
    if faults := faults_in(settings, within):
        raise SourceRefused(faults)
    binding = Binding.of(settings.binding).to_dict()
    return {**settings.to_dict(), "binding": binding, "format": settings.format or KINDS[settings.kind].format}


def register(slug: str, settings: Settings, *, at: datetime, within: Reach = EVERYWHERE) -> tuple[Source, bool]:
    """Return the source of that slug, and whether it is new; a known one is left as it is.

    Raises SourceRefused for settings that cannot be, and for a slug that another programme took.
    """
    if not SLUG.fullmatch(slug):
        words = "A slug has lower-case letters, digits, dots, hyphens and underscores."
        raise SourceRefused([Fault("/slug", "slug-malformed", words, "Choose another slug.")])
    values = _settled(settings, within)
    first = at if settings.enabled and settings.schedule_seconds else None
    programme = within.programme or ""
    defaults = {**values, "programme": programme, "created_at": at, "changed_at": at, "next_pull_at": first}
    source, created = Source.objects.get_or_create(slug=slug, defaults=defaults)
    if source.programme != programme:
        raise SourceRefused([Fault("/slug", "slug-taken", f"The slug {slug} is taken.", "Choose another slug.")])
    return source, created


def differences(source: Source, settings: Settings) -> list[str]:
    """Return the names of what the settings say otherwise than the source. Raises SourceRefused."""
    values = _settled(settings, Reach.of(source.programme, ()))
    return sorted(name for name, value in values.items() if getattr(source, name) != value)


def change(source: Source, settings: Settings, *, at: datetime) -> tuple[Source, list[str]]:
    """Write other settings and return the source and the names of what changed. Raises SourceRefused.

    A changed source starts afresh: it asks for everything again, and former failures no longer make it wait.
    """
    values = _settled(settings, Reach.of(source.programme, ()))
    with transaction.atomic():
        source = Source.objects.select_for_update().get(id=source.id)
        changed = sorted(name for name, value in values.items() if getattr(source, name) != value)
        if not changed:
            return source, []
        for name in changed:
            setattr(source, name, values[name])
        source.state, source.failures, source.changed_at = {}, 0, at
        source.next_pull_at = at if source.enabled and source.schedule_seconds else None
        source.save()
    return source, changed


def secret_is_there(source: Source) -> bool | None:
    """Whether the variable of the source's secret is set in this process; None for a source without one."""
    return bool(os.environ.get(source.secret_env)) if source.secret_env else None
