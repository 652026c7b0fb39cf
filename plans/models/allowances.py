"""What a version gives, on what terms, and the marks at which its use is told."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from plans.models.units import ALLOWANCE_SERVICES, Unit
from plans.models.versions import PlanVersion
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantOwned


class Allowance(TenantOwned):
    """What a version gives for each period: units of a service, or of named rating groups.

    `conditions`, `factors` and `own_rate` are plain specs (plans/stored.py).
    """

    class Role(models.TextChoices):
        PAYS = "pays", "Pays for usage"
        COUNTS = "counts", "Counts usage"

    class Span(models.TextChoices):
        """What a lifetime is counted in; `period` is the plan subscription's."""

        PERIOD = "period", "Until the period ends"
        UNLIMITED = "unlimited", "Without end"
        HOURS = "hours", "Hours"
        DAYS = "days", "Days"
        WEEKS = "weeks", "Weeks"
        MONTHS = "months", "Months"
        YEARS = "years", "Years"
        END_OF_DAY = "end_of_day", "Until the day ends"
        END_OF_WEEK = "end_of_week", "Until the week ends"
        END_OF_MONTH = "end_of_month", "Until the month ends"
        END_OF_YEAR = "end_of_year", "Until the year ends"
        UNTIL = "until", "Until a date"

    class Renewal(models.TextChoices):
        """What a new period does with what is left of the one before."""

        NEW = "new", "Left as it is, beside the new one"
        EXTEND = "extend", "Added to the new one"
        REPLACE = "replace", "Replaced by the new one"
        ROLL_OVER = "roll_over", "Rolled over within limits"

    class RollOverOrder(models.TextChoices):
        OLDEST = "oldest", "Oldest first"
        NEWEST = "newest", "Newest first"

    version = TenantForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="allowances")
    key = models.UUIDField(default=uuid.uuid4)
    """The same allowance across versions, so that migration can map old buckets to new ones."""
    name = models.CharField(max_length=80)
    service = models.CharField(max_length=8, choices=ALLOWANCE_SERVICES)
    rating_groups = ArrayField(models.BigIntegerField(), default=list, blank=True)
    """Empty: every rating group of the service."""
    unit = models.CharField(max_length=12, choices=Unit.choices)
    amount = models.BigIntegerField(validators=[MinValueValidator(0)])
    """Octets, seconds, events, neutral units, or nano-units of money. Of a counter its limit, 0
    for none; of an unlimited allowance its fair use."""
    display_unit = models.CharField(max_length=8, blank=True)
    """The unit in which it was typed: GB, MB, min, …"""
    weight = models.IntegerField(default=0)
    """Higher is used first; the designer's order from the top."""
    validity_days = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    """The usual lifetime that is not the period: so many days. None: `lifetime_span` counts."""
    lifetime_span = models.CharField(max_length=12, choices=Span.choices, default=Span.PERIOD)
    lifetime_count = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    lifetime_until = models.DateTimeField(null=True, blank=True)
    from_first_use = models.BooleanField(default=False)
    """Its lifetime begins when it is first used."""
    conditions = models.JSONField(default=dict, blank=True)
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.PAYS)
    limits = models.BooleanField(default=False)
    """Counters: quota is granted up to the limit only."""
    is_blocker = models.BooleanField(default=False)
    """Nothing behind it pays, be it empty or not."""
    is_unlimited = models.BooleanField(default=False)
    is_shared = models.BooleanField(default=False)
    """Offered to the account's shared group and children."""
    step = models.BigIntegerField(default=1, validators=[MinValueValidator(1)])
    """Usage is taken in whole steps of so many units."""
    factors = models.JSONField(default=list, blank=True)
    """Units taken for each unit used, where something holds; the first that applies counts."""
    own_rate = models.JSONField(null=True, blank=True)
    """What its units cost in money as well; for money, what it is spent at."""
    renewal = models.CharField(max_length=10, choices=Renewal.choices, default=Renewal.NEW)
    roll_over_amount_max = models.BigIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    """The most that is taken into the next period; None: all."""
    roll_over_periods_max = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    """For how many periods something is taken along; None: for good."""
    roll_over_order = models.CharField(
        max_length=8, choices=RollOverOrder.choices, default=RollOverOrder.OLDEST
    )
    """Whether what was rolled over is used before the new or after it."""

    class Meta(TenantOwned.Meta):
        ordering = ("-weight", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "version", "key", name="allowance_key_is_unique_in_its_version"
            ),
            models.CheckConstraint(
                name="allowance_gives_something",
                condition=Q(amount__gt=0)
                | Q(amount=0, role="counts")
                | Q(amount=0, is_unlimited=True),
            ),
            models.CheckConstraint(
                name="a_counter_never_blocks", condition=~Q(role="counts", is_blocker=True)
            ),
            models.CheckConstraint(name="allowance_has_steps", condition=Q(step__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.version}"


class Threshold(TenantOwned):
    """A named mark at or below which an allowance is low; a counter's at or above which it is
    reached."""

    class Action(models.TextChoices):
        """What crossing does besides being told; what undoes it is the way back."""

        NOTIFY = "notify", "Only tell"
        BLOCK = "block", "Block an allowance"
        UNBLOCK = "unblock", "Unblock an allowance"
        THROTTLE = "throttle", "Slow down"
        SUSPEND = "suspend", "Suspend the account"

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
    state = models.CharField(max_length=60, blank=True)
    """What the balance is called beyond the mark; empty: the mark's name."""
    action = models.CharField(max_length=10, choices=Action.choices, default=Action.NOTIFY)
    target = models.UUIDField(null=True, blank=True)
    """Key of the allowance that the action blocks or unblocks; None: its own."""
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    """Local hours in which nobody is told."""
    is_paused = models.BooleanField(default=False)
    """Crossings are recorded and nobody is told."""

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
            models.CheckConstraint(
                name="threshold_is_quiet_between_two_times",
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name
