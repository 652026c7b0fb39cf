"""Charging sessions as the network opened them, and every request of theirs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantOwned
from subscribers.models import Account, Device


class ChargingSession(TenantOwned):
    """One charging data resource (`ChargingDataRef`, TS 32.291 §6.1.3.3), or a one-time event.

    Written by the charger alone. `state_bytes` and `answers` are versioned msgspec bytes:
    reservations and running totals, and the last answers for retransmissions.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"
        REFUSED = "refused", "Refused"

    class Kind(models.TextChoices):
        SESSION = "session", "Session"
        IMMEDIATE_EVENT = "iec", "Immediate event"
        POST_EVENT = "pec", "Post event"

    account = TenantForeignKey(Account, on_delete=models.PROTECT, related_name="sessions")
    device = TenantForeignKey(Device, on_delete=models.PROTECT, related_name="sessions")
    ref = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.SESSION)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    subscriber_identifier = models.CharField(max_length=300)
    node_functionality = models.CharField(max_length=40, blank=True)
    nf_name = models.CharField(max_length=200, blank=True)
    notify_uri = models.CharField(max_length=1000, blank=True)
    destination = models.CharField(max_length=40, blank=True)
    opened_at = models.DateTimeField()
    last_request_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    """Silent past this instant, the session is closed and its reservations returned."""
    closed_at = models.DateTimeField(null=True, blank=True)
    close_cause = models.CharField(max_length=40, blank=True)
    requests = models.PositiveIntegerField(default=0)
    cost = models.BigIntegerField(default=0)
    """Nano-units charged so far."""
    last_result = models.CharField(max_length=40, blank=True)
    state_bytes = models.BinaryField(default=bytes)
    answers = models.BinaryField(default=bytes)

    class Meta(TenantOwned.Meta):
        indexes: ClassVar = [
            models.Index("account", F("id").desc(), name="sessions_of_account"),
            models.Index("device", F("id").desc(), name="sessions_of_device"),
            models.Index("tenant", F("id").desc(), name="sessions_newest_first"),
            # On what never changes while it is open; the sweep compares deadline_at itself.
            models.Index("id", name="open_sessions", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.ref} of {self.subscriber_identifier}"


class RequestLogEntry(TenantOwned):
    """One N40 request with its answer and the decisions between them. Append-only."""

    account = TenantForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    session = TenantForeignKey(
        ChargingSession, on_delete=models.PROTECT, related_name="request_log"
    )
    operation = models.CharField(max_length=8)
    """create, update, release; sweep for one of our own."""
    sequence_number = models.BigIntegerField()
    fingerprint = models.BinaryField()
    received_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField()
    cost = models.BigIntegerField(default=0)
    request = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    decision = models.BinaryField(default=bytes)
    """Versioned msgspec bytes: usage and trace (charging/decisions.py)."""

    class Meta(TenantOwned.Meta):
        indexes: ClassVar = [models.Index("session", "id", name="request_log_of_session")]

    def __str__(self) -> str:
        return f"{self.operation} {self.sequence_number} of session {self.session_id}"


class CreateKey(TenantOwned):
    """What makes a repeated create the same create; kept for the replay window only.

    Senders that say little of themselves share keys, so the key alone proves nothing: the
    fingerprint, or the sender's retransmissionIndicator, decides.
    """

    key = models.BinaryField()
    fingerprint = models.BinaryField()
    session = TenantForeignKey(ChargingSession, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                "tenant", "key", "fingerprint", name="one_session_per_create_key_and_fingerprint"
            )
        ]
        indexes: ClassVar = [models.Index("created_at", name="create_keys_by_age")]

    def __str__(self) -> str:
        return f"create key of session {self.session_id}"
