"""Committed facts and where they were told: the outbox, webhooks and their deliveries."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from notifications.event_types import TEST_EVENT_TYPE
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantOwned


class NotificationEvent(TenantOwned):
    """A fact with a dotted type, written in the transaction that made it true.

    `position` orders a tenant's stream. One publisher gives it after the commit, so a reader that
    resumes at a position misses nothing; ids are given before the commit and are not an order.
    """

    type = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=80)
    account_key = models.BigIntegerField(null=True, blank=True)
    """Account's primary key; no foreign key upwards."""
    account_id = models.CharField(max_length=64, blank=True)
    """The account's public id."""
    account_seq = models.BigIntegerField(null=True, blank=True)
    """The order of the events of one account, given under its lock."""
    payload = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    position = models.BigIntegerField(null=True, blank=True)
    is_muted = models.BooleanField(default=False, db_default=False)
    """Kept for the account's history; nobody is told."""
    not_before = models.DateTimeField(null=True, blank=True)
    """Told from then on: quiet hours held when it happened."""

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "position", name="stream_position_is_unique"),
            models.UniqueConstraint(
                "tenant", "account_key", "account_seq", name="account_sequence_is_unique"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                "id", name="events_to_tell", condition=Q(position__isnull=True, is_muted=False)
            ),
            models.Index("tenant", "account_key", F("position").desc(), name="events_of_account"),
            models.Index("tenant", "type", F("position").desc(), name="events_of_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_type} {self.subject_id}"


class WebhookEndpoint(TenantOwned):
    """Where a tenant wants to be told, and of what."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    url = models.URLField(max_length=500)
    description = models.CharField(max_length=120, blank=True)
    event_types = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    """Empty: every type."""
    sealed_secret = models.TextField()
    """Signs each delivery; encrypted (portal.tenancy.secrets)."""
    uses_totogi_shape = models.BooleanField(default=False)
    """Threshold events are sent as CounterThreshold instead of our own shape."""
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        pass

    def __str__(self) -> str:
        return self.url

    def wants(self, event: NotificationEvent) -> bool:
        """Whether an event goes here; a test event goes to the endpoint it was asked for."""
        if event.type == TEST_EVENT_TYPE:
            return event.subject_id == str(self.public_id)
        return not self.event_types or event.type in self.event_types


class WebhookDelivery(TenantOwned):
    """One event on its way to one endpoint, with what the last attempt brought."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"

    endpoint = TenantForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    event = TenantForeignKey(NotificationEvent, on_delete=models.PROTECT, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("endpoint", "event", name="one_delivery_per_endpoint_and_event")
        ]
        indexes: ClassVar = [
            models.Index("next_attempt_at", name="deliveries_due", condition=Q(state="pending"))
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"
