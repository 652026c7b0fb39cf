"""Who may act for which operator: tenants, people, roles, API clients, and the audit trail."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from oauth2_provider.models import AbstractApplication

from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.managers import TenantManager, claim_for_scope
from portal.tenancy.timezones import validate_time_zone


def default_emergency_numbers() -> list[str]:
    """112 and 911 work in every mobile network (TS 22.101 §10.1); 999 and 000 in many."""
    return ["112", "911", "999", "000"]


class Tenant(models.Model):
    """An operator: the owner of every other row. On the wire `tenantIdentifier`."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(
        max_length=3, default="EUR", validators=[RegexValidator(r"^[A-Z]{3}$")]
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    gigabyte_base = models.PositiveSmallIntegerField(
        choices=[(1024, "1 GB = 2³⁰ octets"), (1000, "1 GB = 10⁹ octets")], default=1024
    )
    is_sandbox = models.BooleanField(default=False)
    """For trials: the emulator and the test clock work here. Immutable."""
    live_tenant = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="sandbox"
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    """An MVNE for its MVNOs."""
    separates_duties = models.BooleanField(default=False)
    """Designers design, publishers publish: product managers lose plans.publish."""
    home_plmn = models.CharField(
        max_length=6, default="00101", validators=[RegexValidator(r"^\d{5,6}$")]
    )
    """MCC and MNC of the home network."""
    country_code = models.CharField(
        max_length=3, blank=True, validators=[RegexValidator(r"^[1-9]\d{0,2}\Z", "1 to 3 digits.")]
    )
    """E.164 country code of national numbers; empty: they are left as they are dialled."""
    international_prefix = models.CharField(
        max_length=5,
        default="00",
        blank=True,
        validators=[RegexValidator(r"^\d{1,5}\Z", "1 to 5 digits.")],
    )
    national_prefix = models.CharField(
        max_length=5,
        default="0",
        blank=True,
        validators=[RegexValidator(r"^\d{1,5}\Z", "1 to 5 digits.")],
    )
    """Dialled before national numbers and no part of them; empty where there is none."""
    emergency_numbers = ArrayField(
        models.CharField(
            max_length=8, validators=[RegexValidator(r"^\d{2,8}\Z", "2 to 8 digits each.")]
        ),
        default=default_emergency_numbers,
        blank=True,
    )
    """Free, and never refused; as dialled."""
    allows_zero_rating = models.BooleanField(default=False)
    """Plans may make chosen rating groups free, where the law lets them (in the EU it does not:
    Regulation 2015/2120)."""
    bare_location = models.BooleanField(default=False)
    """Answer creates with a bare session id in Location, as Totogi's demo client needs."""
    support_adjust_limit = models.BigIntegerField(default=50_000_000_000)
    """The most a support agent may adjust at once, nano-units of money."""
    settings_revision = models.BigIntegerField(default=0)
    """Counts changes of what the charger caches: rating groups and the switches above."""
    reference_revision = models.BigIntegerField(default=0)
    """Counts changes of the reference data, which is larger: prefixes, zones, holidays, numbers."""
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="only_a_sandbox_has_a_live_tenant",
                condition=Q(live_tenant__isnull=True) | Q(is_sandbox=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.slug})"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class TenantOwned(models.Model):
    """A row of one tenant. `objects` needs an open scope and sees that tenant only."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", editable=False)

    unscoped = models.Manager()
    objects = TenantManager()

    class Meta:
        abstract = True
        default_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        claim_for_scope(self)
        super().save(*args, **kwargs)


class UserManager(BaseUserManager["User"]):
    """People sign in by e-mail; its case does not matter."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        user = self.model(email=self.normalize_email(email), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. What they may do is decided by their memberships, not here."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    """May open the installation's back office."""
    created_at = models.DateTimeField(default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="one_user_per_email_in_any_case")
        ]

    def __str__(self) -> str:
        return self.name or self.email


class Role(TenantOwned):
    """A named set of permissions within one tenant; the usual six are made with it."""

    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    permissions = ArrayField(models.CharField(max_length=40), default=list)
    is_builtin = models.BooleanField(default=False)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "code", name="role_code_is_unique_in_its_tenant")
        ]

    def __str__(self) -> str:
        return self.name


class Membership(TenantOwned):
    """A person's right to act for a tenant."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = TenantForeignKey(Role, on_delete=models.PROTECT, related_name="memberships")
    last_seen_at = models.DateTimeField(null=True, blank=True)
    """To within a few minutes; what the person does for other operators does not show."""
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "user", name="one_membership_per_person_and_tenant")
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class ApiClient(AbstractApplication, TenantOwned):
    """A system's right to act for one tenant: OAuth2 client credentials with scopes."""

    id = models.BigAutoField(primary_key=True)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    is_enabled = models.BooleanField(default=True)
    tokens_valid_from = models.DateTimeField(null=True, blank=True)
    """Tokens issued before are revoked."""
    last_used_at = models.DateTimeField(null=True, blank=True)

    # AbstractApplication brings a manager of its own; these are to count.
    unscoped = models.Manager()  # type: ignore[misc]
    objects = TenantManager()  # type: ignore[misc]

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.CheckConstraint(
                name="api_clients_use_client_credentials",
                condition=Q(authorization_grant_type="client-credentials"),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.client_id


class AuditEntry(TenantOwned):
    """Who changed what, before and after, and why. Append-only."""

    class ActorKind(models.TextChoices):
        USER = "user", "Person"
        CLIENT = "client", "API client"
        SYSTEM = "system", "System"

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=8, choices=ActorKind.choices)
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor_name = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=80)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=300, blank=True)
    request_id = models.UUIDField(default=uuid.uuid4)

    class Meta(TenantOwned.Meta):
        indexes: ClassVar = [
            models.Index("tenant", F("at").desc(), name="audit_newest_first"),
            models.Index("tenant", "subject_type", "subject_id", name="audit_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_name} at {self.at:%Y-%m-%d %H:%M:%S}"


def is_live(client: ApiClient, *, issued_at: datetime) -> bool:
    """Whether a token issued then to this client still counts."""
    revoked = client.tokens_valid_from is not None and issued_at < client.tokens_valid_from
    return client.is_enabled and not revoked
