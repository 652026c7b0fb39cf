"""What usage costs in money, under which conditions."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from plans.models.units import Service
from plans.models.versions import PlanVersion
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantOwned


class Rate(TenantOwned):
    """What usage costs once no allowance pays for it: `price` per `per` units.

    `slots` and `conditions` are plain specs (plans/stored.py).
    """

    class Pricing(models.TextChoices):
        GRADUATED = "graduated", "Each part at the price of its own slot"
        VOLUME = "volume", "All of it at the price of the slot it reaches"
        PACKAGE = "package", "In whole packages"

    class Rounding(models.TextChoices):
        UP = "up", "Up"
        HALF_UP = "half_up", "Half up"
        DOWN = "down", "Down"

    class AtMaximum(models.TextChoices):
        FREE = "free", "The rest is free"
        STOP = "stop", "No more is granted"

    version = TenantForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="rates")
    key = models.UUIDField(default=uuid.uuid4)
    position = models.PositiveSmallIntegerField(default=0)
    """Among rates that fit equally well the first prices."""
    service = models.CharField(max_length=8, choices=Service.choices)
    rating_groups = ArrayField(models.BigIntegerField(), default=list, blank=True)
    price = models.BigIntegerField(validators=[MinValueValidator(0)])
    """Nano-units of the version's currency."""
    per = models.BigIntegerField(validators=[MinValueValidator(1)])
    """Seconds, octets or events which `price` buys."""
    increment = models.BigIntegerField(default=1, validators=[MinValueValidator(1)])
    """Usage is charged in whole steps of so many units."""
    connect_fee = models.BigIntegerField(default=0, validators=[MinValueValidator(0)])
    """Nano-units, once per session with its first priced unit."""
    pricing = models.CharField(max_length=10, choices=Pricing.choices, default=Pricing.GRADUATED)
    slots = models.JSONField(default=list, blank=True)
    """The slots behind the first, which the columns above are."""
    rounding = models.CharField(max_length=8, choices=Rounding.choices, default=Rounding.HALF_UP)
    decimals = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(9)]
    )
    """Places a line is rounded to; None: those of the currency."""
    minimum = models.BigIntegerField(default=0, validators=[MinValueValidator(0)])
    """Nano-units that a session's priced usage costs at least, the connect fee not counted."""
    maximum = models.BigIntegerField(null=True, blank=True, validators=[MinValueValidator(0)])
    at_maximum = models.CharField(max_length=8, choices=AtMaximum.choices, default=AtMaximum.FREE)
    conditions = models.JSONField(default=dict, blank=True)
    weight = models.IntegerField(default=0)
    """Among rates of an equally long prefix the heavier one prices."""
    active_from = models.DateTimeField(null=True, blank=True)
    """A price of the future: of rates alike the newest active one prices."""
    tax_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    """Tax contained in the price, for people and records."""
    label = models.CharField(max_length=80, blank=True)
    """For people: "Spain, evenings"."""

    class Meta(TenantOwned.Meta):
        ordering = ("position", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint("version", "key", name="rate_key_is_unique_in_its_version"),
            models.CheckConstraint(
                name="rate_divides_by_something", condition=Q(per__gt=0) & Q(increment__gt=0)
            ),
            models.CheckConstraint(
                name="rate_is_not_negative", condition=Q(price__gte=0) & Q(connect_fee__gte=0)
            ),
            models.CheckConstraint(
                name="rate_minimum_is_not_above_its_maximum",
                condition=Q(minimum__gte=0)
                & (Q(maximum__isnull=True) | Q(maximum__gte=F("minimum"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_service_display()} rate of {self.version}"
