"""The ledger, counters, transfers and reversals in JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from charging.entry_details import decode_details
from charging.models import LedgerEntry
from charging.refs import entry_ref
from charging.selectors import Counter
from charging.serializers import BalanceThresholdOut
from charging.services import ADJUSTMENT_REASONS
from plans.models import Service
from plans.serializers import AmountOrMoneyField, spoken_amount, spoken_unit
from portal.api.fields import StrictSerializer
from portal.api.idempotency import KEY_LENGTH_MAX

# ── the ledger ───────────────────────────────────────────────────────────────────────────────


class LedgerFilters(serializers.Serializer[Any]):
    bucket = serializers.CharField(required=False, help_text="Reference of a balance or counter.")
    kind = serializers.ChoiceField(required=False, choices=LedgerEntry.Kind.choices)


class LedgerEntryOut(serializers.Serializer[LedgerEntry]):
    """One immutable move within a bucket: how each of its parts changed, who did it and why."""

    id = serializers.CharField(source="ref", help_text="Its reference, for reversals.")
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=LedgerEntry.Kind.choices)
    bucket = serializers.CharField(source="bucket.ref")
    name = serializers.CharField(source="bucket.name", help_text="The bucket's name.")
    service = serializers.ChoiceField(source="bucket.service", choices=Service.choices)
    unit = serializers.SerializerMethodField(help_text="octets, seconds, events, or a currency.")
    available = serializers.SerializerMethodField(help_text="Change of what is available.")
    reserved = serializers.SerializerMethodField()
    used = serializers.SerializerMethodField()
    expired = serializers.SerializerMethodField()
    available_after = serializers.SerializerMethodField()
    actor = serializers.CharField(source="actor_name")
    reason = serializers.CharField()
    request_key = serializers.CharField()
    session = serializers.SerializerMethodField(
        help_text="Charging session it was made by; its requests hold the trace."
    )
    sequence_number = serializers.IntegerField(
        allow_null=True, help_text="The session's request that made it."
    )
    reference = serializers.UUIDField(
        allow_null=True, help_text="Shared by the entries of a transfer or reversal."
    )
    reverses = serializers.SerializerMethodField(help_text="The entry it gives back.")
    details = serializers.SerializerMethodField(help_text="What was decided, beside sessions.")

    def get_unit(self, entry: LedgerEntry) -> str:
        return spoken_unit(entry.bucket.unit, self._currency(entry))

    @extend_schema_field(AmountOrMoneyField)
    def get_available(self, entry: LedgerEntry) -> int | str:
        return self._amount(entry, entry.available)

    @extend_schema_field(AmountOrMoneyField)
    def get_reserved(self, entry: LedgerEntry) -> int | str:
        return self._amount(entry, entry.reserved)

    @extend_schema_field(AmountOrMoneyField)
    def get_used(self, entry: LedgerEntry) -> int | str:
        return self._amount(entry, entry.used)

    @extend_schema_field(AmountOrMoneyField)
    def get_expired(self, entry: LedgerEntry) -> int | str:
        return self._amount(entry, entry.expired)

    @extend_schema_field(AmountOrMoneyField)
    def get_available_after(self, entry: LedgerEntry) -> int | str:
        return self._amount(entry, entry.available_after)

    def get_session(self, entry: LedgerEntry) -> str | None:
        return entry.session.ref if entry.session else None

    def get_reverses(self, entry: LedgerEntry) -> str | None:
        return entry_ref(entry.reverses_id) if entry.reverses_id else None

    def get_details(self, entry: LedgerEntry) -> dict[str, Any]:
        return decode_details(entry.details)

    def _amount(self, entry: LedgerEntry, amount: int) -> int | str:
        return spoken_amount(amount, entry.bucket.unit, self._currency(entry))

    def _currency(self, entry: LedgerEntry) -> str:
        return entry.account.currency


# ── counters ─────────────────────────────────────────────────────────────────────────────────


class CounterOut(serializers.Serializer[Any]):
    """What was used of a service, or spent, in the counter's cycle."""

    bucket = serializers.CharField(source="bucket.ref", help_text="Its reference in the ledger.")
    name = serializers.CharField(source="bucket.name")
    service = serializers.ChoiceField(source="bucket.service", choices=Service.choices)
    rating_groups = serializers.ListField(
        source="bucket.rating_groups", child=serializers.IntegerField()
    )
    plan = serializers.CharField(help_text="The version that gives it; empty for caps.")
    caps = serializers.CharField(
        source="bucket.caps", help_text="“parent” or “group”: limits what is drawn from others."
    )
    unit = serializers.SerializerMethodField(help_text="octets, seconds, events, or a currency.")
    used = serializers.SerializerMethodField()
    limit = serializers.SerializerMethodField(help_text="Null: it only counts.")
    cycle_starts_at = serializers.DateTimeField(source="bucket.valid_from")
    cycle_ends_at = serializers.DateTimeField(source="bucket.expires_at", allow_null=True)
    thresholds = serializers.SerializerMethodField()

    def get_unit(self, counter: Counter) -> str:
        return spoken_unit(counter.bucket.unit, self.context["currency"])

    @extend_schema_field(AmountOrMoneyField)
    def get_used(self, counter: Counter) -> int | str:
        return self._amount(counter, counter.used)

    @extend_schema_field(AmountOrMoneyField(allow_null=True))
    def get_limit(self, counter: Counter) -> int | str | None:
        return None if counter.limit is None else self._amount(counter, counter.limit)

    @extend_schema_field(BalanceThresholdOut(many=True))
    def get_thresholds(self, counter: Counter) -> list[dict[str, Any]]:
        context = {"unit": counter.bucket.unit, "currency": self.context["currency"]}
        return list(BalanceThresholdOut(counter.thresholds, many=True, context=context).data)

    def _amount(self, counter: Counter, amount: int) -> int | str:
        return spoken_amount(amount, counter.bucket.unit, self.context["currency"])


# ── corrections ──────────────────────────────────────────────────────────────────────────────


class CorrectionIn(StrictSerializer):
    """What every correction says of itself."""

    reason = serializers.ChoiceField(choices=list(ADJUSTMENT_REASONS.items()))
    note = serializers.CharField(
        max_length=200, required=False, help_text="Needed where the reason is “other”."
    )
    request_key = serializers.CharField(
        max_length=KEY_LENGTH_MAX,
        required=False,
        help_text="The same as the header Idempotency-Key.",
    )


class TransferIn(CorrectionIn):
    """From a balance of the account to another of the same unit and currency."""

    bucket = serializers.CharField(
        required=False, help_text="The balance that gives; the main balance unless given."
    )
    to_account = serializers.CharField(
        required=False, help_text="The account that takes; the same unless given."
    )
    to_bucket = serializers.CharField(
        required=False, help_text="The balance that takes; the main balance unless given."
    )
    amount = AmountOrMoneyField()


class ReversalIn(CorrectionIn):
    """Of one ledger entry, or of what a charging session or one request of it was charged."""

    entry = serializers.CharField(required=False, help_text="Id of a ledger entry.")
    session = serializers.CharField(required=False, help_text="Reference of a charging session.")
    sequence_number = serializers.IntegerField(
        required=False, min_value=0, help_text="One request of the session; all unless given."
    )
    amount = AmountOrMoneyField(
        required=False, help_text="A part of the entry; all that it used unless given."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("entry" in attrs) == ("session" in attrs):
            raise ValidationError({"entry": ["Name either an entry or a session."]})
        if "session" in attrs and "amount" in attrs:
            raise ValidationError({"amount": ["Parts are given back of an entry only."]})
        if "entry" in attrs and "sequence_number" in attrs:
            raise ValidationError({"sequence_number": ["Goes with a session only."]})
        return attrs


class CorrectionOut(serializers.Serializer[Any]):
    """The entries a transfer or reversal made."""

    entries = LedgerEntryOut(many=True)
