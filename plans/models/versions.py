"""Plans, and the numbered versions that say what they give and cost."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantOwned


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
        HOUR = "hour", "Hours"
        DAY = "day", "Days"
        WEEK = "week", "Weeks"
        MONTH = "month", "Months"
        YEAR = "year", "Years"

    class Start(models.TextChoices):
        IMMEDIATE = "immediate", "When it is bought"
        FIRST_USE = "first_use", "With its first use"

    class Proration(models.TextChoices):
        NONE = "none", "In full"
        DAY = "day", "By the day"
        SECOND = "second", "By the second"

    plan = TenantForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    currency = models.CharField(max_length=3, validators=[RegexValidator(r"^[A-Z]{3}$")])
    price = models.BigIntegerField(default=0, validators=[MinValueValidator(0)])
    """Nano-units of the currency per period."""
    renewal = models.CharField(max_length=8, choices=Renewal.choices, default=Renewal.DAY)
    renewal_count = models.PositiveSmallIntegerField(default=30, validators=[MinValueValidator(1)])
    """Every so many hours, days, weeks, months or years."""
    auto_renews = models.BooleanField(default=True)
    """False: it ends with its first period."""
    anchor_day = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(31)]
    )
    """Day of the month on which periods of months begin, the last one of a shorter month; None:
    the day on which the subscription starts."""
    start = models.CharField(max_length=10, choices=Start.choices, default=Start.IMMEDIATE)
    proration = models.CharField(max_length=8, choices=Proration.choices, default=Proration.NONE)
    """How the price of a first period that is shortened by the anchor day is charged."""
    purchase_fee = models.BigIntegerField(default=0, validators=[MinValueValidator(0)])
    """Nano-units, once, when it is bought."""
    first_use_fee = models.BigIntegerField(default=0, validators=[MinValueValidator(0)])
    """Nano-units, once, with the first use."""
    grace_hours = models.PositiveSmallIntegerField(default=0)
    """How long it goes on when the money for a renewal is short."""
    retry_hours = models.PositiveSmallIntegerField(default=0)
    """Hours between attempts to renew while the money is short."""
    retries_max = models.PositiveSmallIntegerField(default=0)
    is_add_on = models.BooleanField(default=False)
    """Held beside a base plan."""
    quantity_max = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    """How many of it an account may hold at once; None: any number."""
    money_first = models.BooleanField(default=False)
    """Money pays before units do."""
    zero_rated = ArrayField(models.BigIntegerField(), default=list, blank=True)
    """Rating groups, by number, that are free whatever is left."""
    fallback_plans = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    """Codes of plans whose rates are asked, one after the other, where no rate here applies."""
    fallback_versions = ArrayField(models.BigIntegerField(), default=list, blank=True)
    """Keys of the versions that these were when this one was published."""
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
                name="version_fees_are_not_negative",
                condition=Q(purchase_fee__gte=0) & Q(first_use_fee__gte=0),
            ),
            models.CheckConstraint(
                name="version_anchor_is_a_day_of_the_month",
                condition=Q(anchor_day__isnull=True) | Q(anchor_day__range=(1, 31)),
            ),
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
