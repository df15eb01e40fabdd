"""The cast of the demo: one person for each role, all with one well-known password, so never outside demo mode."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password

from scorecard.models import Membership, Programme, Role, User

PASSWORD = "demo-password-2024"  # noqa: S105 - printed for everybody to use; the accounts exist in demo mode only
CAST = (
    ("ada", "Ada", "Lind", Role.PREPAREDNESS),
    ("bo", "Bo", "Marsh", Role.ADVISORY_MEMBER),
    ("chen", "Chen", "Okafor", Role.ADVISORY_CHAIR),
    ("dana", "Dana", "Reyes", Role.LEADERSHIP),
    ("eli", "Eli", "Novak", Role.BOARD),
    ("faye", "Faye", "Turner", Role.AUDITOR),
    ("gil", "Gil", "Stone", Role.ADMINISTRATOR),
)


def gather(programme: Programme) -> dict[str, User]:
    """Create the cast with their roles in the programme; return user name -> person."""
    hashed = make_password(PASSWORD)
    people = {}
    for username, first, last, role in CAST:
        user, _ = User.objects.get_or_create(
            username=username, defaults={"first_name": first, "last_name": last, "password": hashed}
        )
        Membership.objects.get_or_create(person=user, programme=programme, role=role)
        people[username] = user
    return people
