"""Destination groups with their prefixes, zones of networks, and holidays."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import Tenant, TenantOwned

CODE_LENGTH_MAX = 40
PREFIX_LENGTH_MAX = 15

code_validator = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z",
    "Use letters, digits and . _ - and begin with a letter or digit.",
)
class_validator = RegexValidator(
    r"^[a-z0-9][a-z0-9_-]*\Z", "Use small letters, digits, - and _ and begin with a letter."
)


class DestinationGroup(TenantOwned):
    """Numbers that are priced alike; plans name it by its code."""

    # An index of the tenant alone would tempt the planner when the key of a prefix is checked.
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    code = models.CharField(max_length=CODE_LENGTH_MAX, validators=[code_validator])
    """Never changes."""
    name = models.CharField(max_length=80)
    number_class = models.CharField(max_length=40, blank=True, validators=[class_validator])
    """What kind of numbers: mobile, fixed, premium … as the operator calls it."""
    is_own_network = models.BooleanField(default=False)
    """Its numbers are the operator's own subscribers: calls to them are on-net."""

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "code", name="destination_group_code_is_unique")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class DestinationPrefix(TenantOwned):
    """Numbers that begin with these digits are in the group. Written by the import only."""

    # Each index and key is paid for 200,000 times: that to the group, whose tenant is this one,
    # holds the tenant too, and the one index finds numbers and keeps rows apart.
    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        db_index=False,
        db_constraint=False,
    )
    group = TenantForeignKey(
        DestinationGroup, on_delete=models.CASCADE, related_name="prefixes", db_index=False
    )
    prefix = models.CharField(max_length=PREFIX_LENGTH_MAX)
    """International digits without "+", or a short code (`*` and `#` too)."""

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                "tenant", "prefix", "group", name="a_prefix_is_once_in_its_destination_group"
            ),
            models.CheckConstraint(
                name="a_prefix_is_dialled_digits", condition=Q(prefix__regex=r"^[0-9*#]{1,15}$")
            ),
        ]

    def __str__(self) -> str:
        return self.prefix


class Zone(TenantOwned):
    """Foreign networks that are priced alike: one by one, by country, or both. Zones overlap."""

    code = models.CharField(max_length=CODE_LENGTH_MAX, validators=[code_validator])
    """Never changes; `home` and `roaming` are every operator's."""
    name = models.CharField(max_length=80)
    networks = ArrayField(models.CharField(max_length=6), default=list, blank=True)
    """PLMNs: MCC and MNC, five or six digits."""
    countries = ArrayField(models.CharField(max_length=3), default=list, blank=True)
    """Mobile country codes."""

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "code", name="zone_code_is_unique")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Holiday(TenantOwned):
    """A day that time bands may treat apart, in the operator's or account's own zone."""

    date = models.DateField()
    name = models.CharField(max_length=80)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "date", name="one_holiday_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.date:%Y-%m-%d}"
