"""Names for imaginary subscribers: every combination of two lists, no two alike."""

from __future__ import annotations

from typing import Final

STORY_NAME: Final = "Ana Ruiz"
"""Whoever shows the product uses her phone: nothing has happened to it yet."""

FIRST_NAMES: Final = (
    "Amelie", "Jonas", "Leyla", "Matteo", "Ingrid", "Samir", "Klara", "Bruno", "Noor", "Felix",
    "Paula", "Emre", "Greta", "Anton", "Yara", "Lukas", "Sofia", "Milan", "Hanna", "Oscar",
)  # fmt: skip

LAST_NAMES: Final = (
    "Albrecht", "Berger", "Costa", "Demir", "Engel", "Falk", "Garcia", "Haas", "Ivanov", "Jensen",
    "Keller", "Lindner", "Moreau", "Novak", "Olsen", "Petrov", "Reyes", "Sato", "Thomsen", "Weiss",
)  # fmt: skip


def full_name(number: int) -> str:
    """A different name for each number below four hundred."""
    row, column = divmod(number, len(FIRST_NAMES))
    last = LAST_NAMES[(column + 7 * row) % len(LAST_NAMES)]
    return f"{FIRST_NAMES[column]} {last}"
