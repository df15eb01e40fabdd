"""What a person or a token may see: the programmes they read, and in each what is withheld from them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from django.utils import timezone

from scorecard.access.people import Person, held_memberships
from scorecard.models import ApiToken, Clearance, Compartment, FrameworkVersion, Programme, Role, User
from scorecard.refusals import Refused

READERS = frozenset(Role.values) - {Role.PIPELINE}


@dataclass(frozen=True)
class Sight:
    """One programme as a reader sees it.

    `withheld` are the risk categories of compartments without a clearance. `evaluations` are the slugs whose results
    may be seen, or None for all: where something is withheld, only what a framework lists outside of it is known to be
    harmless, so an evaluation that nobody has placed yet stays hidden.
    """

    programme: Programme
    roles: frozenset[str]
    withheld: frozenset[str] = frozenset()
    evaluations: frozenset[str] | None = None


@dataclass(frozen=True)
class Reader:
    """A person, or a token that reads for one, with all programmes they may read."""

    user: User
    sights: tuple[Sight, ...]

    @property
    def programmes(self) -> list[Programme]:
        """The programmes that the reader may read, by name."""
        return [sight.programme for sight in self.sights]

    def sight(self, programme_id: str) -> Sight | None:
        """Return how the reader sees a programme (by its id), or None when they see nothing of it."""
        return next((sight for sight in self.sights if sight.programme.id == programme_id), None)

    def person(self, programme: Programme) -> Person:
        """Return the reader as a person of the programme, with the roles that were read with the sights."""
        sight = self.sight(programme.id)
        return Person(self.user, programme, sight.roles if sight is not None else frozenset())

    def people(self) -> list[Person]:
        """Return the reader as a person of each programme they read."""
        return [self.person(sight.programme) for sight in self.sights]


@lru_cache(maxsize=64)
def _placed(version_id: str) -> dict[str, str]:
    """Return slug -> category ("" for none) of every evaluation of a published framework, which never changes."""
    document = FrameworkVersion.objects.get(id=version_id).document
    return {entry["slug"]: entry.get("category") or "" for entry in document["evaluations"]}


def _harmless(withheld: frozenset[str], named: frozenset[str]) -> frozenset[str]:
    """Return the evaluations that some framework places outside the withheld categories and none inside them."""
    placed: dict[str, set[str]] = defaultdict(set)
    for version_id in FrameworkVersion.objects.values_list("id", flat=True):
        for slug, category in _placed(version_id).items():
            placed[slug].add(category)
    return frozenset(slug for slug, categories in placed.items() if not categories & withheld) - named


def _uncleared(programmes: list[str], cleared: set[int]) -> dict[str, list[Compartment]]:
    found: dict[str, list[Compartment]] = defaultdict(list)
    for row in Compartment.objects.filter(programme__in=programmes):
        if row.pk not in cleared:
            found[row.programme_id].append(row)
    return found


def _seen(programme: Programme, roles: frozenset[str], hidden: list[Compartment]) -> Sight:
    if not hidden:
        return Sight(programme, roles)
    withheld = frozenset(category for row in hidden for category in row.categories)
    named = frozenset(slug for row in hidden for slug in row.evaluations)
    return Sight(programme, roles, withheld, _harmless(withheld, named))


def _reader(user: User, cleared: set[int], *, only: str | None = None) -> Reader:
    roles: dict[str, set[str]] = defaultdict(set)
    programmes: dict[str, Programme] = {}
    for row in held_memberships(user).select_related("programme").order_by("programme__name"):
        if only in (None, row.programme_id):
            roles[row.programme_id].add(row.role)
            programmes[row.programme_id] = row.programme
    read = {key: found for key, found in programmes.items() if roles[key] & READERS}
    hidden = _uncleared(list(read), cleared)
    return Reader(
        user, tuple(_seen(programme, frozenset(roles[key]), hidden.get(key, [])) for key, programme in read.items())
    )


def reader_of(user: User) -> Reader:
    """Return what the person may see right now: their roles and clearances are asked afresh at every call."""
    live = Clearance.objects.filter(person=user, revoked_at=None, expires_at__gt=timezone.now())
    return _reader(user, set(live.values_list("compartment", flat=True)))


def reader_with(token: ApiToken) -> Reader:
    """Return what the token's person may see through it: its own programme only, and no compartment whatever."""
    return _reader(token.person, set(), only=token.programme_id)


def refuse_unless_reader(reader: Reader) -> None:
    """Raise Refused 404 for whoever may read no programme at all: to them nothing exists."""
    if not reader.sights:
        raise Refused("not-found", "There is nothing here that is visible to you.", status=404)
