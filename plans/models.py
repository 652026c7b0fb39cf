"""What an operator sells: plans, their immutable versions, and the rating groups they rate by."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

import plans.reference.models  # noqa: F401  here Django looks for an app's models
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantOwned

UINT32_MAX = 2**32 - 1


class Service(models.TextChoices):
    """What a subscriber would call it; decides the unit."""

    VOICE = "voice", "Voice"
    SMS = "sms", "SMS"
    DATA = "data", "Data"
    MONEY = "money", "Money"


class Unit(models.TextChoices):
    """What a rating group or bucket counts."""

    OCTETS = "OCTETS", "Octets"
    SECONDS = "SECONDS", "Seconds"
    EVENTS = "EVENTS", "Events"
    NANO_MONEY = "NANO_MONEY", "Money (10⁻⁹)"


UNIT_OF_SERVICE = {
    Service.VOICE: Unit.SECONDS,
    Service.SMS: Unit.EVENTS,
    Service.DATA: Unit.OCTETS,
    Service.MONEY: Unit.NANO_MONEY,
}


class RatingGroup(TenantOwned):
    """The Uint32 charging key by which the network reports usage (TS 32.291 RatingGroup)."""

    class Mode(models.TextChoices):
        ONLINE = "online", "Online: quota from balances"
        OFFLINE = "offline", "Offline: recorded only"

    class FinalUnitAction(models.TextChoices):
        TERMINATE = "TERMINATE", "End the service"
        REDIRECT = "REDIRECT", "Redirect to a page"
        RESTRICT_ACCESS = "RESTRICT_ACCESS", "Restrict access"

    number = models.BigIntegerField(
        validators=[MinValueValidator(0), MaxValueValidator(UINT32_MAX)]
    )
    name = models.CharField(max_length=80)
    service = models.CharField(max_length=8, choices=Service.choices)
    unit = models.CharField(max_length=12, choices=Unit.choices)
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.ONLINE)
    grant = models.BigIntegerField(validators=[MinValueValidator(1)])
    """Units of one grant when the network names no amount."""
    validity_time = models.PositiveIntegerField(default=3600)
    """Seconds a grant lives; 0 sends none."""
    holding_time = models.PositiveIntegerField(default=0)
    threshold_percent = models.PositiveSmallIntegerField(
        default=20, validators=[MaxValueValidator(99)]
    )
    final_unit_action = models.CharField(
        max_length=16, choices=FinalUnitAction.choices, default=FinalUnitAction.TERMINATE
    )
    redirect_address = models.URLField(blank=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "number", name="rating_group_number_is_unique"),
            models.CheckConstraint(
                name="rating_group_number_is_uint32",
                condition=Q(number__gte=0) & Q(number__lte=UINT32_MAX),
            ),
            models.CheckConstraint(name="rating_group_grants_something", condition=Q(grant__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class Plan(TenantOwned):
    """A product by name; what it gives and costs is in its versions."""

    code = models.CharField(
        max_length=40,
        validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*\Z", "Use a–z, 0–9 and hyphens.")],
    )
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "code", name="plan_code_is_unique_in_its_tenant")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class PlanVersion(TenantOwned):
    """One numbered state of a plan. A draft may change; from publication on it never does.

    The database refuses changes too (migration 0002): only the state and its times may move on.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SCHEDULED = "scheduled", "Scheduled"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    class Renewal(models.TextChoices):
        NONE = "none", "Does not renew"
        DAY = "day", "Days"
        WEEK = "week", "Weeks"
        MONTH = "month", "Months"

    plan = TenantForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    currency = models.CharField(max_length=3, validators=[RegexValidator(r"^[A-Z]{3}$")])
    price = models.BigIntegerField(default=0, validators=[MinValueValidator(0)])
    """Nano-units of the currency per period."""
    renewal = models.CharField(max_length=8, choices=Renewal.choices, default=Renewal.DAY)
    renewal_count = models.PositiveSmallIntegerField(default=30, validators=[MinValueValidator(1)])
    """Every so many days, weeks or months."""
    revision = models.PositiveIntegerField(default=0)
    """Counts saves of the draft; a save based on an older one is a conflict."""
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    updated_by = models.CharField(max_length=200, blank=True)
    scheduled_for = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=200, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("plan", "number", name="version_number_is_unique_in_its_plan"),
            models.UniqueConstraint(
                "plan", name="one_draft_per_plan", condition=Q(state__in=["draft", "scheduled"])
            ),
            models.UniqueConstraint(
                "plan", name="one_published_version_per_plan", condition=Q(state="published")
            ),
            models.CheckConstraint(name="version_price_is_not_negative", condition=Q(price__gte=0)),
            models.CheckConstraint(
                name="published_versions_say_when",
                condition=Q(state__in=["draft", "scheduled"]) | Q(published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan.name} v{self.number}"

    @property
    def is_editable(self) -> bool:
        return self.state == self.State.DRAFT


class Allowance(TenantOwned):
    """What a version gives for each period: units of a service, or of named rating groups."""

    version = TenantForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="allowances")
    key = models.UUIDField(default=uuid.uuid4)
    """The same allowance across versions, so that migration can map old buckets to new ones."""
    name = models.CharField(max_length=80)
    service = models.CharField(max_length=8, choices=Service.choices)
    rating_groups = ArrayField(models.BigIntegerField(), default=list, blank=True)
    """Empty: every rating group of the service."""
    unit = models.CharField(max_length=12, choices=Unit.choices)
    amount = models.BigIntegerField(validators=[MinValueValidator(1)])
    """Octets, seconds, events, or nano-units of money."""
    display_unit = models.CharField(max_length=8, blank=True)
    """The unit in which it was typed: GB, MB, min, …"""
    weight = models.IntegerField(default=0)
    """Higher is used first; the designer's order from the top."""
    validity_days = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    """None: until the period ends."""

    class Meta(TenantOwned.Meta):
        ordering = ("-weight", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "version", "key", name="allowance_key_is_unique_in_its_version"
            ),
            models.CheckConstraint(name="allowance_gives_something", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.version}"


class Threshold(TenantOwned):
    """A named mark at or below which the subscriber is told that an allowance runs low."""

    allowance = TenantForeignKey(Allowance, on_delete=models.CASCADE, related_name="thresholds")
    name = models.CharField(max_length=60)
    percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    amount = models.BigIntegerField(null=True, blank=True, validators=[MinValueValidator(0)])

    class Meta(TenantOwned.Meta):
        ordering = (F("percent").desc(nulls_last=True), F("amount").desc(nulls_last=True), "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "allowance", "name", name="threshold_name_is_unique_in_its_allowance"
            ),
            models.CheckConstraint(
                name="threshold_is_a_percent_or_an_amount",
                condition=Q(percent__isnull=False, amount__isnull=True)
                | Q(percent__isnull=True, amount__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Rate(TenantOwned):
    """What usage costs once no allowance pays for it: `price` per `per` units."""

    version = TenantForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="rates")
    key = models.UUIDField(default=uuid.uuid4)
    position = models.PositiveSmallIntegerField(default=0)
    """The first rate that covers a rating group prices it."""
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
        ]

    def __str__(self) -> str:
        return f"{self.get_service_display()} rate of {self.version}"
