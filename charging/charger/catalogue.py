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
from plans.overrides import NO_OVERRIDES, read_overrides
from plans.reference.loading import Reference, load_reference
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from subscribers.lifecycle import Lifecycle, lifecycle_of
from subscribers.models import PlanSubscription


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A frozen version or allowance under the terms of one plan subscription."""

    key: int
    overrides_hash: str = ""
    """Empty: the version's own terms."""
    held_by: int = 0
    """A plan subscription that has these terms, to read them from; 0 where there are none."""

    @classmethod
    def of(cls, key: int, overrides_hash: str, held_by: int | None) -> Wanted:
        if not overrides_hash:
            return cls(key=key)
        return cls(key=key, overrides_hash=overrides_hash, held_by=held_by or 0)

    @property
    def name(self) -> tuple[int, str]:
        return self.key, self.overrides_hash


class Missing(Exception):
    """A batch needs what is not cached yet; load it outside the transaction and try again."""

    def __init__(
        self, *, tenants: Iterable[int], versions: Iterable[Wanted], allowances: Iterable[Wanted]
    ) -> None:
        super().__init__("catalogue entries are missing")
        self.tenants = set(tenants)
        self.versions = set(versions)
        self.allowances = set(allowances)


class Catalogue:
    """Compiled versions, allowances and tenant settings of this process."""

    def __init__(self) -> None:
        self._tenants: dict[int, TenantSettings] = {}
        self._tariffs: dict[tuple[int, str], Tariff] = {}
        self._allowances: dict[tuple[int, str], AllowanceTerms] = {}

    def settings(self, tenant_id: int) -> TenantSettings:
        return self._tenants[tenant_id]

    def tariff(self, version_id: int, overrides_hash: str) -> Tariff:
        return self._tariffs[version_id, overrides_hash]

    def allowance(self, allowance_id: int | None, overrides_hash: str) -> AllowanceTerms:
        if allowance_id is None:
            return NO_ALLOWANCE
        return self._allowances[allowance_id, overrides_hash]

    def require(
        self, *, revisions: dict[int, Revisions], versions: set[Wanted], allowances: set[Wanted]
    ) -> None:
        """Raises Missing unless everything is here, tenants at the given revisions."""
        tenants = {
            key
            for key, revision in revisions.items()
            if key not in self._tenants or self._tenants[key].revisions != revision
        }
        versions = {wanted for wanted in versions if wanted.name not in self._tariffs}
        allowances = {wanted for wanted in allowances if wanted.name not in self._allowances}
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
        held = {wanted.held_by for wanted in (*missing.versions, *missing.allowances)} - {0}
        overrides = {
            key: read_overrides(stored)
            for key, stored in PlanSubscription.unscoped.filter(pk__in=held).values_list(
                "pk", "overrides"
            )
        }
        versions = PlanVersion.unscoped.in_bulk([wanted.key for wanted in missing.versions])
        for wanted in missing.versions:
            version, own = versions[wanted.key], overrides.get(wanted.held_by, NO_OVERRIDES)
            with tenant_scope(version.tenant):
                self._tariffs[wanted.name] = compile_tariff(version, own)
        allowances = Allowance.unscoped.in_bulk([wanted.key for wanted in missing.allowances])
        for wanted in missing.allowances:
            allowance, own = allowances[wanted.key], overrides.get(wanted.held_by, NO_OVERRIDES)
            with tenant_scope(allowance.tenant):
                self._allowances[wanted.name] = terms_of_allowance(allowance, own)

    def _reference(self, tenant: Tenant) -> Reference:
        """Read anew only if it has changed."""
        known = self._tenants.get(tenant.pk)
        if known is not None and known.reference.revision == tenant.reference_revision:
            return known.reference
        return load_reference(tenant)
