"""Conditions, and the time bands that they name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from plans.references import ANY_DESTINATION, OWN_ZONES, References
from plans.terms import DAY_SECONDS, BandSpec, ConditionsSpec, WindowSpec
from plans.validation.fields import check_name
from portal.tenancy.validation import FieldError

LISTED_MAX: Final = 1_000
"""Entries of one list of conditions."""
BANDS_MAX: Final = 100
WINDOWS_MAX: Final = 50
CHARACTERISTICS_MAX: Final = 0xFFFF
CODE_MAX: Final = 40

RATS: Final = frozenset(
    {
        "NR", "EUTRA", "WLAN", "VIRTUAL", "NBIOT", "WIRELINE", "WIRELINE_CABLE", "WIRELINE_BBF",
        "LTE-M", "NR_U", "EUTRA_U", "TRUSTED_N3GA", "TRUSTED_WLAN", "UTRA", "GERA", "NR_LEO",
        "NR_MEO", "NR_GEO", "NR_OTHER_SAT", "NR_REDCAP", "WB_E_UTRAN_LEO", "WB_E_UTRAN_MEO",
        "WB_E_UTRAN_GEO", "WB_E_UTRAN_OTHERSAT", "NB_IOT_LEO", "NB_IOT_MEO", "NB_IOT_GEO",
        "NB_IOT_OTHERSAT", "LTE_M_LEO", "LTE_M_MEO", "LTE_M_GEO", "LTE_M_OTHERSAT",
    }
)  # fmt: skip
"""RatType (TS 29.571 §5.4.3.2)."""

_NETWORK = re.compile(r"\d{5,6}", re.ASCII)
_SLICE = re.compile(r"(\d{1,3})(-[0-9A-F]{6})?", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


def check_conditions(
    spec: ConditionsSpec, bands: Collection[str], references: References
) -> Iterator[FieldError]:
    """`bands` are the codes of the version's time bands."""
    for error in _check_conditions(spec, bands, references):
        yield error.below("conditions")


def _check_conditions(
    spec: ConditionsSpec, bands: Collection[str], references: References
) -> Iterator[FieldError]:
    yield from _check_destinations(spec, references)
    yield from _check_listed("zones", spec.zones)
    for zone in spec.zones:
        if zone not in OWN_ZONES and not references.knows_zone(zone):
            yield FieldError("zones", f"There is no zone “{zone}”.")
    for path, values, form, example in (
        ("networks", spec.networks, _NETWORK.fullmatch, "MCC and MNC, such as 26201"),
        ("rats", spec.rats, RATS.__contains__, "a RatType of TS 29.571, such as NR or EUTRA"),
        ("slices", spec.slices, _is_slice, "SST or SST-SD, such as 1 or 1-0000FF"),
        ("dnns", spec.dnns, _is_word, "a name of 1 to 100 characters"),
        ("number_classes", spec.number_classes, _is_word, "a name of 1 to 100 characters"),
        ("categories", spec.categories, _is_word, "a name of 1 to 100 characters"),
    ):
        yield from _check_listed(path, values)
        for value in values:
            if not form(value):
                yield FieldError(path, f"“{value}” is not {example}.")
    yield from _check_characteristics(spec)
    if spec.band and spec.band not in bands:
        yield FieldError("band", f"There is no time band “{spec.band}” in this version.")


def _check_destinations(spec: ConditionsSpec, references: References) -> Iterator[FieldError]:
    if spec.destinations is None:
        return
    included, excluded = spec.destinations.included, spec.destinations.excluded
    if not included and not excluded:
        yield FieldError("destinations", "Name a destination group, or leave destinations out.")
    for path, codes in (
        ("destinations/included", included),
        ("destinations/excluded", excluded),
    ):
        yield from _check_listed(path, codes)
        for code in codes:
            if code != ANY_DESTINATION and not references.knows_destination(code):
                yield FieldError(path, f"There is no destination group “{code}”.")
    for code in sorted(set(included) & set(excluded)):
        yield FieldError("destinations/excluded", f"“{code}” is included already.")


def _check_characteristics(spec: ConditionsSpec) -> Iterator[FieldError]:
    mask, value = spec.characteristics_mask, spec.characteristics_value
    if not 0 <= mask <= CHARACTERISTICS_MAX:
        yield FieldError("characteristics_mask", "Enter 16 bits, 0 to 65535.")
    elif not 0 <= value <= CHARACTERISTICS_MAX:
        yield FieldError("characteristics_value", "Enter 16 bits, 0 to 65535.")
    elif value & ~mask:
        yield FieldError("characteristics_value", "It has bits that the mask does not look at.")


def _check_listed(path: str, values: Sequence[str]) -> Iterator[FieldError]:
    if len(values) > LISTED_MAX:
        yield FieldError(path, f"At most {LISTED_MAX:,} entries.")
    elif len(set(values)) < len(values):
        yield FieldError(path, "An entry is named twice.")


def _is_slice(text: str) -> bool:
    match = _SLICE.fullmatch(text)
    return match is not None and int(match[1]) <= 255


def _is_word(text: str) -> bool:
    return bool(text.strip()) and len(text) <= 100 and "\x00" not in text


# ── time bands ───────────────────────────────────────────────────────────────────────────────


def check_bands(bands: Sequence[BandSpec]) -> Iterator[FieldError]:
    if len(bands) > BANDS_MAX:
        yield FieldError("bands", f"A version has at most {BANDS_MAX} time bands.")
        return
    codes = Counter(band.code for band in bands)
    for place, band in enumerate(bands):
        for error in _check_band(band):
            yield error.below(f"bands/{place}")
        if codes[band.code] > 1:
            yield FieldError(f"bands/{place}/code", "Another time band has the same code.")


def _check_band(band: BandSpec) -> Iterator[FieldError]:
    if not _CODE.fullmatch(band.code) or len(band.code) > CODE_MAX:
        yield FieldError("code", f"Use 1 to {CODE_MAX} letters, digits, dots and hyphens.")
    yield from check_name(band.name, "Give the time band a name.")
    if not band.windows:
        yield FieldError("windows", "Say when it is open.")
    for path, windows in (("windows", band.windows), ("closed", band.closed)):
        if len(windows) > WINDOWS_MAX:
            yield FieldError(path, f"At most {WINDOWS_MAX} windows.")
            continue
        for place, window in enumerate(windows):
            for error in _check_window(window):
                yield error.below(f"{path}/{place}")


def _check_window(window: WindowSpec) -> Iterator[FieldError]:
    for path, values, least, most in (
        ("years", window.years, 2000, 2199),
        ("months", window.months, 1, 12),
        ("month_days", window.month_days, 1, 31),
        ("weekdays", window.weekdays, 0, 6),
    ):
        if any(not least <= value <= most for value in values):
            yield FieldError(path, f"Enter numbers from {least} to {most}.")
        elif len(set(values)) < len(values):
            yield FieldError(path, "A number is named twice.")
    if not 0 <= window.start < DAY_SECONDS:
        yield FieldError("start", "Enter a time from 00:00 to 23:59:59.")
    if not 0 <= window.end <= DAY_SECONDS:
        yield FieldError("end", "Enter a time from 00:00 to 24:00.")
