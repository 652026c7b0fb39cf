"""What accounts may still use, and every move of it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from charging.refs import bucket_ref, entry_ref
from plans.models import Allowance, Service, Unit
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantOwned
from subscribers.models import Account, PlanSubscription


class Bucket(TenantOwned):
    """Units, or nano-units of its currency, that one account may still use.

    granted = available + reserved + used + expired, always; `available` alone may go below zero
    (over-run, credit). Change amounts only through `charging.ledger` or the charger's store.
    """

    class Role(models.TextChoices):
        PAYS = "pays", "Pays"
        COUNTS = "counts", "Counts"

    class Caps(models.TextChoices):
        NOTHING = "", "Nothing"
        PARENT = "parent", "What the parent shares"
        GROUP = "group", "What the group shares"

    account = TenantForeignKey(Account, on_delete=models.PROTECT, related_name="buckets")
    plan_subscription = TenantForeignKey(
        PlanSubscription, null=True, blank=True, on_delete=models.PROTECT, related_name="buckets"
    )
    allowance = TenantForeignKey(
        Allowance, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    """Of a frozen version; its thresholds are this bucket's. None: topped up by hand."""
    allowance_key = models.UUIDField(null=True, blank=True)
    period_number = models.PositiveIntegerField(null=True, blank=True)
    """The period of its plan subscription in which it was given; roll-over counts from there."""
    name = models.CharField(max_length=80)
    service = models.CharField(max_length=8, choices=Service.choices)
    unit = models.CharField(max_length=12, choices=Unit.choices)
    rating_groups = ArrayField(models.BigIntegerField(), default=list, blank=True)
    weight = models.IntegerField(default=0)
    role = models.CharField(
        max_length=8, choices=Role.choices, default=Role.PAYS, db_default=Role.PAYS.value
    )
    """A counter pays for nothing: `used` counts what was used or spent, `granted` is its limit, 0
    for none. Balances are those that pay."""
    is_disabled = models.BooleanField(default=False, db_default=False)
    """Blocked by a threshold's action or by hand: neither pays nor is granted from."""
    is_shared = models.BooleanField(default=False, db_default=False)
    """Offered to the account's children and to its shared group."""
    caps = models.CharField(
        max_length=8, choices=Caps.choices, default=Caps.NOTHING, db_default="", blank=True
    )
    """A counter that limits what this account may take of others' buckets of its service."""
    awaits_first_use = models.BooleanField(default=False, db_default=False)
    """Its life begins with its first use, which sets `valid_from` and `expires_at`."""
    is_swept = models.BooleanField(default=False, db_default=False)
    """Past its end, and what was left then has expired (charging/services/expiry.py)."""
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
            models.CheckConstraint(
                name="only_counters_cap", condition=Q(caps="") | Q(role="counts")
            ),
        ]
        indexes: ClassVar = [
            models.Index("account", name="buckets_of_account"),
            models.Index(
                "expires_at",
                name="buckets_to_expire",
                condition=Q(expires_at__isnull=False, is_swept=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.account}"

    @property
    def ref(self) -> str:
        """What it is called outside."""
        return bucket_ref(self.pk)


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
        TRANSFER = "transfer", "Transferred"
        REVERSE = "reverse", "Reversed"

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
    sequence_number = models.BigIntegerField(null=True, blank=True)
    """The request of `session` that made it, whose trace is in the request log."""
    reference = models.UUIDField(null=True, blank=True)
    """What belongs together: the two entries of a transfer, the entries of one reversal."""
    reverses = TenantForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversals"
    )
    """The entry of which this one gives back what was used."""
    details = models.BinaryField(null=True, blank=True)
    """What was decided, for entries made outside sessions: versioned msgspec bytes
    (charging/entry_details.py)."""

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                "tenant",
                "request_key",
                name="one_ledger_entry_per_request_key",
                condition=~Q(request_key=""),
            ),
            models.UniqueConstraint(
                "reverses",
                name="an_entry_is_reversed_once",
                condition=Q(reverses__isnull=False),
            ),
            models.CheckConstraint(
                name="reversals_name_what_they_reverse",
                condition=Q(kind="reverse", reverses__isnull=False)
                | (~Q(kind="reverse") & Q(reverses__isnull=True)),
            ),
        ]
        indexes: ClassVar = [
            models.Index("account", F("id").desc(), name="ledger_of_account"),
            models.Index(
                "reference", name="ledger_by_reference", condition=Q(reference__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.available:+d} in bucket {self.bucket_id}"

    @property
    def ref(self) -> str:
        """What it is called outside."""
        return entry_ref(self.pk)

    @property
    def granted(self) -> int:
        """How the entry changed what the bucket was granted."""
        return self.available + self.reserved + self.used + self.expired
