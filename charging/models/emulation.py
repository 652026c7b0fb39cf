"""The emulated phone: where it sends its requests, and what it was told to do."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from plans.models import Service
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantOwned
from subscribers.models import Device


class ChargerEndpoint(TenantOwned):
    """The charging function that a tenant's emulator speaks to; none: the built-in one."""

    class Authentication(models.TextChoices):
        NONE = "none", "None"
        STATIC_TOKEN = "static", "Static token"
        CLIENT_CREDENTIALS = "client", "OAuth2 client credentials"

    url = models.URLField(max_length=300, blank=True)
    """Root of the API, before /nchf-convergedcharging. Empty: the built-in charging function."""
    authentication = models.CharField(
        max_length=8, choices=Authentication.choices, default=Authentication.NONE
    )
    sealed_token = models.TextField(blank=True)
    token_url = models.URLField(max_length=300, blank=True)
    client_id = models.CharField(max_length=200, blank=True)
    sealed_client_secret = models.TextField(blank=True)
    scope = models.CharField(max_length=200, blank=True, default="nchf-convergedcharging")
    spells_charging_data = models.BooleanField(default=False)
    """Ask for /chargingData (Totogi's spelling) instead of /chargingdata."""

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", name="one_charger_endpoint_per_tenant")
        ]

    def __str__(self) -> str:
        return self.url or "built-in charging function"


class JobState(models.TextChoices):
    """Every accepted job is a row first; a sweep re-queues what a crash lost."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    ENDED = "ended", "Ended"
    FAILED = "failed", "Failed"


class Burst(TenantOwned):
    """Many sessions of one device at once, on one connection."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    device = TenantForeignKey(Device, on_delete=models.PROTECT, related_name="bursts")
    service = models.CharField(max_length=8, choices=Service.choices)
    volume = models.BigIntegerField()
    """Units of each session."""
    destination = models.CharField(max_length=40, blank=True)
    sessions = models.PositiveIntegerField()
    concurrency = models.PositiveIntegerField(default=50)
    state = models.CharField(max_length=8, choices=JobState.choices, default=JobState.QUEUED)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(name="burst_has_sessions", condition=Q(sessions__gt=0))
        ]

    def __str__(self) -> str:
        return f"{self.sessions} × {self.service} of {self.device}"


class EmulatedSession(TenantOwned):
    """One call, message or download of the emulated phone."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    device = TenantForeignKey(Device, on_delete=models.PROTECT, related_name="emulated_sessions")
    service = models.CharField(max_length=8, choices=Service.choices)
    label = models.CharField(max_length=60, blank=True)
    """The app that was tapped: Episode, Podcast, Call."""
    rating_group = models.BigIntegerField(null=True, blank=True)
    """None: the service's default."""
    volume = models.BigIntegerField(null=True, blank=True)
    """Octets, seconds or events; None: a call that runs until it is hung up."""
    destination = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=8, choices=JobState.choices, default=JobState.QUEUED)
    hangs_up = models.BooleanField(default=False)
    """The person has hung up; the next step releases."""
    used = models.BigIntegerField(default=0)
    cost = models.BigIntegerField(null=True, blank=True)
    result = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=300, blank=True)
    charging_ref = models.CharField(max_length=200, blank=True)
    client_state = models.BinaryField(default=bytes)
    """The client's state machine between steps (charging/client/session.py)."""
    next_action_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    """A worker has it until then; past it, the sweep queues it again."""
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        indexes: ClassVar = [
            models.Index("device", F("id").desc(), name="emulated_of_device"),
            models.Index(
                "next_action_at",
                name="emulated_sessions_due",
                condition=Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label or self.service} of {self.device}"


class EmulatedExchange(TenantOwned):
    """One request of the emulated phone and its answer, as the client saw them."""

    session = TenantForeignKey(EmulatedSession, on_delete=models.CASCADE, related_name="exchanges")
    at = models.DateTimeField()
    operation = models.CharField(max_length=8)
    sequence_number = models.BigIntegerField()
    is_retransmission = models.BooleanField(default=False)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    """None: no answer."""
    result = models.CharField(max_length=60, blank=True)
    requested = models.BigIntegerField(null=True, blank=True)
    granted = models.BigIntegerField(null=True, blank=True)
    used = models.BigIntegerField(null=True, blank=True)
    is_final = models.BooleanField(default=False)
    duration_us = models.BigIntegerField(default=0)
    url = models.CharField(max_length=500, blank=True)
    request = models.JSONField(default=dict)
    answer = models.JSONField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta(TenantOwned.Meta):
        indexes: ClassVar = [models.Index("session", "id", name="exchanges_of_session")]

    def __str__(self) -> str:
        return f"{self.operation} {self.sequence_number}: {self.status}"
