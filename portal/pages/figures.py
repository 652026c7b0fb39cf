"""The figures of the overview: how an operator is doing at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import (
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce

from charging.models import Bucket, ChargingSession
from plans.models import PlanVersion, Threshold
from portal.tenancy.actor import Actor
from subscribers.models import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts within the open scope; None where the actor may not see the subject."""

    accounts: int | None = None
    low_balances: int | None = None
    open_sessions: int | None = None
    published_plans: int | None = None

    @property
    def is_start(self) -> bool:
        """Nothing is sold or nobody buys yet."""
        return self.accounts == 0 or self.published_plans == 0


def figures_for(actor: Actor, *, now: datetime) -> Figures:
    """What this actor may see of it."""
    sees_subscribers = actor.may("subscribers.view")
    return Figures(
        accounts=_living_accounts().count() if sees_subscribers else None,
        low_balances=_accounts_running_low(now).count() if sees_subscribers else None,
        open_sessions=_open_sessions().count() if actor.may("charging.view") else None,
        published_plans=_published_versions().count() if actor.may("plans.view") else None,
    )


def _living_accounts() -> QuerySet[Account]:
    return Account.objects.exclude(state=Account.State.TERMINATED)


def _accounts_running_low(now: datetime) -> QuerySet[Account]:
    """Active accounts with a valid bucket at or below one of its thresholds: what is available
    and reserved against the mark, or against its share of what was granted."""
    share = ExpressionWrapper(
        F("percent") * OuterRef("granted") / Value(Decimal(100)), output_field=DecimalField()
    )
    reached = Threshold.objects.annotate(
        mark=Coalesce("amount", share, output_field=DecimalField())
    )
    low = Bucket.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        Exists(
            reached.filter(
                allowance=OuterRef("allowance"),
                mark__gte=OuterRef("available") + OuterRef("reserved"),
            )
        ),
        account=OuterRef("pk"),
        role=Bucket.Role.PAYS,
        granted__gt=0,
    )
    return Account.objects.filter(Exists(low), state=Account.State.ACTIVE)


def _open_sessions() -> QuerySet[ChargingSession]:
    return ChargingSession.objects.filter(state=ChargingSession.State.OPEN)


def _published_versions() -> QuerySet[PlanVersion]:
    return PlanVersion.objects.filter(state=PlanVersion.State.PUBLISHED)
