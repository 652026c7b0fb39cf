"""What accounts may still use, and every move of it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from plans.models import Allowance, Service, Unit
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantOwned
from subscribers.models import Account, PlanSubscription


class Bucket(TenantOwned):
    """Units, or nano-units of its currency, that one account may still use.

    granted = available + reserved + used + expired, always; `available` alone may go below zero
    (over-run, credit). Change amounts only through `charging.ledger` or the charger's store.
    """

    account = TenantForeignKey(Account, on_delete=models.PROTECT, related_name="buckets")
    plan_subscription = TenantForeignKey(
        PlanSubscription, null=True, blank=True, on_delete=models.PROTECT, related_name="buckets"
    )
    allowance = TenantForeignKey(
        Allowance, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    """Of a frozen version; its thresholds are this bucket's. None: topped up by hand."""
    allowance_key = models.UUIDField(null=True, blank=True)
    name = models.CharField(max_length=80)
    service = models.CharField(max_length=8, choices=Service.choices)
    unit = models.CharField(max_length=12, choices=Unit.choices)
    rating_groups = ArrayField(models.BigIntegerField(), default=list, blank=True)
    weight = models.IntegerField(default=0)
    granted = models.BigIntegerField(default=0)
    available = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    used = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    valid_from = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                name="bucket_units_add_up",
                condition=Q(granted=F("available") + F("reserved") + F("used") + F("expired")),
            ),
            models.CheckConstraint(
                name="bucket_parts_are_not_negative",
                condition=Q(granted__gte=0, reserved__gte=0, used__gte=0, expired__gte=0),
            ),
        ]
        indexes: ClassVar = [
            models.Index("account", name="buckets_of_account"),
            models.Index(
                "expires_at",
                name="buckets_that_expire",
                condition=Q(expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.account}"


class LedgerEntry(TenantOwned):
    """One immutable move of amounts within a bucket: four signed deltas, who and why.

    The sums of a bucket's entries are the bucket (`manage.py verify_ledger`).
    """

    class Kind(models.TextChoices):
        ISSUE = "issue", "Issued"
        RESERVE = "reserve", "Reserved"
        POST = "post", "Used"
        VOID = "void", "Handed back"
        EXPIRE = "expire", "Expired"
        ADJUST = "adjust", "Adjusted"

    account = TenantForeignKey(Account, on_delete=models.PROTECT, related_name="ledger")
    bucket = TenantForeignKey(Bucket, on_delete=models.PROTECT, related_name="ledger")
    session = TenantForeignKey(
        "ChargingSession", null=True, blank=True, on_delete=models.PROTECT, related_name="ledger"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    available = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    used = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    available_after = models.BigIntegerField()
    """What the bucket had left after this entry, reservations not counted."""
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=8, default="system")
    actor_name = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    request_key = models.CharField(max_length=128, blank=True)
    """What makes a repeated request the same request; unique where given."""

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                "tenant",
                "request_key",
                name="one_ledger_entry_per_request_key",
                condition=~Q(request_key=""),
            )
        ]
        indexes: ClassVar = [models.Index("account", F("id").desc(), name="ledger_of_account")]

    def __str__(self) -> str:
        return f"{self.kind} {self.available:+d} in bucket {self.bucket_id}"

    @property
    def granted(self) -> int:
        """How the entry changed what the bucket was granted."""
        return self.available + self.reserved + self.used + self.expired
