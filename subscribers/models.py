"""Who pays and what uses the network: accounts, devices, and their hold on plan versions."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from plans.models import PlanVersion
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantOwned
from portal.tenancy.timezones import validate_time_zone

public_id_validator = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9._:@+-]*\Z",
    "Use letters, digits and . _ : @ + - and begin with a letter or digit.",
)


class Account(TenantOwned):
    """The paying party. Its buckets are locked through the row named by `lock_id`."""

    class State(models.TextChoices):
        PRE_ACTIVE = "pre_active", "Pre-active"
        ACTIVE = "active", "Active"
        GRACE = "grace", "Grace"
        SUSPENDED = "suspended", "Suspended"
        TERMINATED = "terminated", "Terminated"

    public_id = models.CharField(max_length=64, validators=[public_id_validator])
    """Given by the client, or generated; never changes."""
    name = models.CharField(max_length=120, blank=True)
    currency = models.CharField(max_length=3, validators=[RegexValidator(r"^[A-Z]{3}$")])
    """Immutable: every amount of money of this account is in it."""
    time_zone = models.CharField(max_length=64, blank=True, validators=[validate_time_zone])
    """Empty: the tenant's."""
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE)
    """What each state may do is the operator's to say (subscribers/lifecycle.py)."""
    state_changed_at = models.DateTimeField(default=timezone.now)
    parent = TenantForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    """Whose shared buckets it may draw on (charging/services/sharing.py)."""
    shared_group = TenantForeignKey(
        "SharedGroup", null=True, blank=True, on_delete=models.PROTECT, related_name="members"
    )
    """The family or company whose members offer each other their shared buckets."""
    lock_id = models.BigIntegerField()
    """The account row that every writer locks first: the root of its hierarchy or shared group,
    itself when alone (docs/locking.md)."""
    event_seq = models.BigIntegerField(default=0)
    """The last number given to an event of this account, under its lock."""
    clock_offset = models.BigIntegerField(default=0)
    """Seconds added to now; 0 outside sandboxes, kept by a trigger."""
    credit_limit = models.BigIntegerField(default=0)
    """Nano-units that money may go below zero."""
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "public_id", name="account_id_is_unique"),
            models.CheckConstraint(
                name="credit_limit_is_not_negative", condition=Q(credit_limit__gte=0)
            ),
            models.CheckConstraint(
                name="an_account_is_not_its_own_parent",
                condition=Q(parent__isnull=True) | ~Q(parent=F("pk")),
            ),
        ]
        indexes: ClassVar = [
            models.Index("tenant", "lock_id", name="accounts_by_lock"),
            models.Index("tenant", F("created_at").desc(), "id", name="accounts_newest_first"),
            models.Index("tenant", "state", "state_changed_at", name="accounts_by_state"),
            models.Index("id", name="accounts_with_a_test_clock", condition=~Q(clock_offset=0)),
            models.Index("parent", name="accounts_by_parent", condition=Q(parent__isnull=False)),
            models.Index(
                "shared_group",
                name="accounts_by_shared_group",
                condition=Q(shared_group__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone) if self.time_zone else self.tenant.zone


class SharedGroup(TenantOwned):
    """A family or company: its members may draw on each other's shared buckets."""

    class Order(models.TextChoices):
        OWN_LOWEST = "own_lowest", "Own first, then the lowest"
        OWN_HIGHEST = "own_highest", "Own first, then the highest"
        LOWEST = "lowest", "The lowest first"
        HIGHEST = "highest", "The highest first"

    code = models.CharField(max_length=40, validators=[public_id_validator])
    name = models.CharField(max_length=80)
    order = models.CharField(max_length=12, choices=Order.choices, default=Order.OWN_LOWEST)
    """Which of the members' buckets pays first."""
    owner = TenantForeignKey(Account, on_delete=models.PROTECT, related_name="owned_groups")
    """Its root, a member as long as there is a group: everybody locks through it."""
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "code", name="group_code_is_unique_in_its_tenant"),
            models.UniqueConstraint("owner", name="an_account_owns_one_group"),
        ]

    def __str__(self) -> str:
        return self.name


class StateRule(TenantOwned):
    """What accounts of one state may do, where the operator says otherwise than usual."""

    state = models.CharField(max_length=12, choices=Account.State.choices)
    services = ArrayField(models.CharField(max_length=8), null=True, blank=True)
    """Services it may get quota for; None: all."""
    may_top_up = models.BooleanField(default=True)
    may_buy = models.BooleanField(default=True)
    is_initial = models.BooleanField(default=False)
    """New accounts begin in it."""

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "state", name="one_rule_per_state"),
            models.UniqueConstraint(
                "tenant", name="accounts_begin_in_one_state", condition=Q(is_initial=True)
            ),
        ]

    def __str__(self) -> str:
        return f"rule of {self.state}"


class StateTransition(TenantOwned):
    """From one state to another, by an event or by time."""

    class Cause(models.TextChoices):
        FIRST_USE = "first_use", "First use"
        TOP_UP = "top_up", "Top-up"
        RENEWED = "renewed", "Renewed"
        RENEWAL_FAILED = "renewal_failed", "Renewal failed"
        THRESHOLD = "threshold", "Threshold that suspends"
        TIME = "time", "Time"

    state = models.CharField(max_length=12, choices=Account.State.choices)
    cause = models.CharField(max_length=16, choices=Cause.choices)
    after_days = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    """Days in the state after which it is left, for TIME."""
    to = models.CharField(max_length=12, choices=Account.State.choices)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "state", "cause", name="one_way_out_per_cause"),
            models.CheckConstraint(
                name="transitions_by_time_say_when",
                condition=Q(cause="time", after_days__gt=0)
                | (~Q(cause="time") & Q(after_days__isnull=True)),
            ),
            models.CheckConstraint(
                name="a_transition_leads_elsewhere", condition=~Q(state=F("to"))
            ),
            models.CheckConstraint(
                name="nothing_leads_out_of_the_end", condition=~Q(state="terminated")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} → {self.to} on {self.cause}"


class Device(TenantOwned):
    """What uses the network for an account: a SIM with its identities."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        BARRED = "barred", "Barred"

    account = TenantForeignKey(Account, on_delete=models.PROTECT, related_name="devices")
    public_id = models.CharField(max_length=64, validators=[public_id_validator])
    label = models.CharField(max_length=80, blank=True)
    imsi = models.CharField(
        max_length=15, blank=True, validators=[RegexValidator(r"^\d{5,15}\Z", "5 to 15 digits.")]
    )
    """The digits of SUPI `imsi-…` (TS 29.571 Supi)."""
    msisdn = models.CharField(
        max_length=15, blank=True, validators=[RegexValidator(r"^\d{5,15}\Z", "5 to 15 digits.")]
    )
    """The digits of GPSI `msisdn-…` (TS 29.571 Gpsi)."""
    charging_characteristics = models.CharField(
        max_length=4,
        blank=True,
        validators=[RegexValidator(r"^[0-9a-fA-F]{1,4}\Z", "1 to 4 hexadecimal digits.")],
    )
    """16 operator-defined bits (TS 32.298 §5.1.2.2.7)."""
    home_plmn = models.CharField(
        max_length=6,
        blank=True,
        validators=[RegexValidator(r"^\d{5,6}\Z", "MCC and MNC: 5 or 6 digits.")],
    )
    """Empty: the tenant's."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    is_test = models.BooleanField(default=False)
    """The emulator may use it outside a sandbox."""
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "public_id", name="device_id_is_unique"),
            models.UniqueConstraint(
                "tenant", "imsi", name="imsi_is_unique_in_its_tenant", condition=~Q(imsi="")
            ),
            models.UniqueConstraint(
                "tenant", "msisdn", name="msisdn_is_unique_in_its_tenant", condition=~Q(msisdn="")
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.msisdn or self.public_id

    @property
    def supi(self) -> str:
        return f"imsi-{self.imsi}" if self.imsi else ""

    @property
    def gpsi(self) -> str:
        return f"msisdn-{self.msisdn}" if self.msisdn else ""


class PlanSubscription(TenantOwned):
    """An account's hold on one plan version over [starts_at, ends_at)."""

    class State(models.TextChoices):
        PENDING = "pending", "Waits for first use"
        ACTIVE = "active", "Active"
        GRACE = "grace", "In grace"
        LAPSED = "lapsed", "Lapsed"
        ENDED = "ended", "Ended"

    class Scheduled(models.TextChoices):
        NOTHING = "", "Nothing"
        CANCEL = "cancel", "Ends with the period"
        CHANGE = "change", "Changes at renewal"

    class Leftovers(models.TextChoices):
        EXPIRE = "expire", "Expire"
        KEEP = "keep", "Stay until they would have ended"
        CARRY_OVER = "carry_over", "Move into the new plan's balances"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    account = TenantForeignKey(Account, on_delete=models.PROTECT, related_name="plan_subscriptions")
    version = TenantForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    """How many of it: amounts and fees are times so many."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    starts_at = models.DateTimeField()
    """Pending: when it was bought. Activation moves it to the first use."""
    ends_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=20, blank=True)
    """cancelled, changed, lapsed, period_over, base_plan_ended, account_terminated."""
    period_number = models.PositiveIntegerField(default=1)
    """The period it is in, the first is 1; 0 while pending."""
    period_starts_at = models.DateTimeField()
    period_ends_at = models.DateTimeField(null=True, blank=True)
    """None: does not renew. At this instant the next period's buckets are due."""
    due_at = models.DateTimeField(null=True, blank=True)
    """When the renewal sweep has to look at it, in the account's time: a period's end, a retry, a
    first use. None: nothing will happen by itself."""
    first_used_at = models.DateTimeField(null=True, blank=True)
    """Pending: when the charger saw the first use; the sweep activates it."""
    charges_first_period = models.BooleanField(default=True)
    """Pending: whether activation takes the fees from the main balance."""
    retries = models.PositiveSmallIntegerField(default=0)
    """In grace: how often it was tried again."""
    grace_ends_at = models.DateTimeField(null=True, blank=True)
    scheduled = models.CharField(
        max_length=8, choices=Scheduled.choices, default=Scheduled.NOTHING, blank=True
    )
    """What happens at the end of the period instead of renewing as it is."""
    next_version = TenantForeignKey(
        PlanVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    next_leftovers = models.CharField(max_length=10, choices=Leftovers.choices, blank=True)
    next_quantity = models.PositiveIntegerField(null=True, blank=True)
    """From the next period on."""
    overrides = models.JSONField(default=dict, blank=True)
    """The terms of this one subscription, where they differ from the version's."""
    overrides_hash = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                name="plan_subscription_ends_after_it_starts",
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
            ),
            models.CheckConstraint(
                name="plan_subscription_over_says_when",
                condition=~Q(state__in=["lapsed", "ended"]) | Q(ends_at__isnull=False),
            ),
            models.CheckConstraint(
                name="plan_subscription_change_names_a_version",
                condition=~Q(scheduled="change") | Q(next_version__isnull=False),
            ),
            models.CheckConstraint(
                name="plan_subscription_is_of_some", condition=Q(quantity__gt=0)
            ),
        ]
        indexes: ClassVar = [
            models.Index("account", "starts_at", name="plan_subscriptions_of_account"),
            models.Index(
                "tenant",
                "due_at",
                name="plan_subscriptions_due",
                condition=Q(due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} of {self.account}"

    @property
    def price_per_period(self) -> int:
        """Nano-units, its own price where it has one."""
        own: int = self.overrides.get("price", self.version.price)
        return own * self.quantity

    @property
    def tone(self) -> str:
        """How a page should take its state."""
        return {"active": "good", "grace": "warn", "lapsed": "bad"}.get(self.state, "")

    @property
    def retry_at(self) -> datetime | None:
        """In grace: when the money is asked for again."""
        return self.due_at if self.state == self.State.GRACE else None

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.LAPSED, self.State.ENDED)


class PlanPeriod(TenantOwned):
    """The run log of renewal: one row for each period of a plan subscription, written once.

    The row is inserted by the transaction that gives the period's buckets, so that a period
    cannot be given twice however many workers there are.
    """

    class Outcome(models.TextChoices):
        STARTED = "started", "Started"
        RENEWED = "renewed", "Renewed"
        MISSED = "missed", "Missed"
        LAPSED = "lapsed", "Lapsed"

    plan_subscription = TenantForeignKey(
        PlanSubscription, on_delete=models.PROTECT, related_name="periods"
    )
    number = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    """Missed: it was over before anybody could renew it; nothing was given or charged."""
    charged = models.BigIntegerField(default=0)
    """Nano-units of the account's currency, all fees together."""
    retries = models.PositiveSmallIntegerField(default=0)
    """How often the money was asked for again before it was there."""
    at = models.DateTimeField()
    """When it was done."""

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                "plan_subscription", "number", name="one_run_per_period_of_a_plan_subscription"
            )
        ]

    def __str__(self) -> str:
        return f"period {self.number} of {self.plan_subscription_id}: {self.outcome}"
