"""Explain: the engine's own trace of each request, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from charging.engine.tariff import Unit
from charging.engine.wording import Names, Sentence, sentences
from charging.models import Bucket, ChargingSession, LedgerEntry
from charging.selectors.sessions import Message, SessionDetail, session_detail
from plans.models import Rate, RatingGroup
from portal.formatting import format_money, format_quantity
from subscribers.models import Account, PlanSubscription


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedMessage:
    """One request and the sentences of what was decided about it."""

    message: Message
    sentences: list[Sentence]


def explain(session: ChargingSession) -> list[ExplainedMessage]:
    """Every message of a session with its decisions in words, oldest first."""
    detail = session_detail(session.ref)
    return explain_detail(detail) if detail else []


def explain_detail(detail: SessionDetail) -> list[ExplainedMessage]:
    """The same for a session that was already read."""
    names = names_for(detail.session.account, session=detail.session)
    return [
        ExplainedMessage(message=message, sentences=sentences(message.decision.trace, names))
        for message in detail.messages
    ]


def names_for(account: Account, *, session: ChargingSession | None = None) -> Names:
    """What the numbers in the traces of one account mean, in the tenant's words and zone: its own
    buckets, those shared with it, and those of others that the session took from."""
    tenant = account.tenant
    own_or_shared = Q(account=account) | Q(account__lock_id=account.lock_id, is_shared=True)
    if session is not None:
        own_or_shared |= Q(pk__in=LedgerEntry.objects.filter(session=session).values("bucket"))
    buckets = Bucket.objects.filter(own_or_shared).values_list("pk", "name", "unit")
    groups = RatingGroup.objects.values_list("number", "name", "unit")
    held = PlanSubscription.objects.filter(account=account).values("version_id")
    rates = Rate.objects.filter(version_id__in=held).select_related("version__plan")

    def say(amount: int, unit: Unit) -> str:
        if unit == Unit.NANO_MONEY:
            return format_money(amount, account.currency)
        noun = "event" if abs(amount) == 1 else "events"
        return format_quantity(amount, unit, gigabyte_base=tenant.gigabyte_base, noun=noun)

    return Names(
        buckets={key: (name, Unit(unit)) for key, name, unit in buckets},
        rating_groups={number: (name, Unit(unit)) for number, name, unit in groups},
        rates={str(rate.key): str(rate.version) for rate in rates},
        currency=account.currency,
        format_amount=say,
        time_zone=account.zone,
    )
