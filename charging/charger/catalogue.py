"""What the charger may keep between batches: frozen versions, and settings by their revision.

A published version never changes, so its tariff and allowances are cached for good. What else an
operator sets changes, so every batch reads the tenant's revisions and the cache answers for those
only. Reference data (200,000 prefixes and more) has a revision of its own, so that settings can
change without it. Nothing of an account is ever kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db import connection

from charging.bucket_terms import NO_ALLOWANCE, AllowanceTerms, terms_of_allowance
from charging.engine.calendar import Almanac
from charging.engine.tariff import RatingGroup, Tariff
from plans.compile import compile_tariff, engine_rating_groups
from plans.models import Allowance, PlanVersion
from plans.reference.loading import Reference, load_reference
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from subscribers.lifecycle import Lifecycle, lifecycle_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """Of a tenant's settings and of its reference data."""

    settings: int
    reference: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSettings:
    """What of a tenant decides a request."""

    revisions: Revisions
    slug: str
    rating_groups: dict[int, RatingGroup]
    bare_location: bool
    home_plmn: str
    reference: Reference
    lifecycle: Lifecycle
    time_zone: str
    _almanacs: dict[str, Almanac] = field(default_factory=dict)

    def almanac(self, time_zone: str) -> Almanac:
        """Wall time of an account of this zone; the tenant's where it has none of its own."""
        name = time_zone or self.time_zone
        found = self._almanacs.get(name)
        if found is None:
            found = Almanac(zone=ZoneInfo(name), holidays=self.reference.holidays)
            self._almanacs[name] = found
        return found


class Missing(Exception):
    """A batch needs what is not cached yet; load it outside the transaction and try again."""

    def __init__(
        self, *, tenants: Iterable[int], versions: Iterable[int], allowances: Iterable[int]
    ) -> None:
        super().__init__("catalogue entries are missing")
        self.tenants = set(tenants)
        self.versions = set(versions)
        self.allowances = set(allowances)


class Catalogue:
    """Compiled versions, allowances and tenant settings of this process."""

    def __init__(self) -> None:
        self._tenants: dict[int, TenantSettings] = {}
        self._tariffs: dict[int, Tariff] = {}
        self._allowances: dict[int, AllowanceTerms] = {}

    def settings(self, tenant_id: int) -> TenantSettings:
        return self._tenants[tenant_id]

    def tariff(self, version_id: int) -> Tariff:
        return self._tariffs[version_id]

    def allowance(self, allowance_id: int | None) -> AllowanceTerms:
        return NO_ALLOWANCE if allowance_id is None else self._allowances[allowance_id]

    def require(
        self, *, revisions: dict[int, Revisions], versions: set[int], allowances: set[int]
    ) -> None:
        """Raises Missing unless everything is here, tenants at the given revisions."""
        tenants = {
            key
            for key, revision in revisions.items()
            if key not in self._tenants or self._tenants[key].revisions != revision
        }
        versions = versions - self._tariffs.keys()
        allowances = allowances - self._allowances.keys()
        if tenants or versions or allowances:
            raise Missing(tenants=tenants, versions=versions, allowances=allowances)

    def load(self, missing: Missing) -> None:
        """Read what is missing through the ORM; blocks, so call it in a thread.

        Its connection is not kept: this is rare, and the database may restart in between.
        """
        try:
            self._load(missing)
        finally:
            connection.close()

    def _load(self, missing: Missing) -> None:
        for tenant in Tenant.objects.filter(pk__in=missing.tenants):
            reference = self._reference(tenant)
            with tenant_scope(tenant):
                self._tenants[tenant.pk] = TenantSettings(
                    revisions=Revisions(
                        settings=tenant.settings_revision, reference=reference.revision
                    ),
                    slug=tenant.slug,
                    rating_groups=engine_rating_groups(tenant),
                    bare_location=tenant.bare_location,
                    home_plmn=tenant.home_plmn,
                    reference=reference,
                    lifecycle=lifecycle_of(tenant),
                    time_zone=tenant.time_zone,
                )
        # The charger's role sees every tenant; the keys come from rows of the batch's accounts.
        for version in PlanVersion.unscoped.filter(pk__in=missing.versions):
            with tenant_scope(version.tenant):
                self._tariffs[version.pk] = compile_tariff(version)
        for allowance in Allowance.unscoped.filter(pk__in=missing.allowances):
            with tenant_scope(allowance.tenant):
                self._allowances[allowance.pk] = terms_of_allowance(allowance)

    def _reference(self, tenant: Tenant) -> Reference:
        """Read anew only if it has changed."""
        known = self._tenants.get(tenant.pk)
        if known is not None and known.reference.revision == tenant.reference_revision:
            return known.reference
        return load_reference(tenant)
