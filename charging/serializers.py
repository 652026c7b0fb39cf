"""Balances, top-ups, usage and charging sessions in JSON."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from charging.models import ChargingSession, EmulatedSession, LedgerEntry
from charging.models.emulation import JobState
from charging.selectors import Balance, ExplainedMessage, ThresholdState, reversals_of
from plans.models import UINT32_MAX, Service
from plans.serializers import AmountOrMoneyField, read_amount, spoken_amount, spoken_unit
from portal.api.fields import AmountField, MoneyField, StrictSerializer
from portal.api.idempotency import KEY_LENGTH_MAX

_METERED = [str(service) for service in (Service.VOICE, Service.SMS, Service.DATA)]


# ── balances ─────────────────────────────────────────────────────────────────────────────────


class BalanceThresholdOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    percent = serializers.SerializerMethodField(help_text="Of what was granted, or null.")
    limit = serializers.SerializerMethodField(help_text="At or below it the balance is low.")
    state = serializers.SerializerMethodField()

    def get_percent(self, mark: ThresholdState) -> float | None:
        hundredths = mark.percent_hundredths
        if hundredths is None:
            return None
        return hundredths // 100 if hundredths % 100 == 0 else hundredths / 100

    @extend_schema_field(AmountOrMoneyField)
    def get_limit(self, mark: ThresholdState) -> int | str:
        return spoken_amount(mark.limit, self.context["unit"], self.context["currency"])

    @extend_schema_field(serializers.ChoiceField(choices=["low", "normal"]))
    def get_state(self, mark: ThresholdState) -> str:
        return "low" if mark.is_low else "normal"


class BalanceOut(serializers.Serializer[Any]):
    """One bucket: granted = available + reserved + used + expired.

    Octets, seconds or events as integers; money as decimal strings.
    """

    bucket = serializers.CharField(source="bucket.ref", help_text="Its reference.")
    name = serializers.CharField(source="bucket.name")
    service = serializers.ChoiceField(source="bucket.service", choices=Service.choices)
    rating_groups = serializers.ListField(
        source="bucket.rating_groups", child=serializers.IntegerField()
    )
    plan = serializers.CharField(help_text="The version that gives it; empty for top-ups.")
    unit = serializers.SerializerMethodField(help_text="octets, seconds, events, or a currency.")
    granted = serializers.SerializerMethodField()
    available = serializers.SerializerMethodField()
    reserved = serializers.SerializerMethodField()
    used = serializers.SerializerMethodField()
    expired = serializers.SerializerMethodField()
    expires_at = serializers.DateTimeField(source="bucket.expires_at", allow_null=True)
    state = serializers.ChoiceField(choices=["normal", "low", "exhausted"])
    is_shared = serializers.BooleanField(
        source="bucket.is_shared", help_text="Offered to its children and shared group."
    )
    is_disabled = serializers.BooleanField(
        source="bucket.is_disabled", help_text="Blocked: it pays for nothing."
    )
    thresholds = serializers.SerializerMethodField()

    def get_unit(self, balance: Balance) -> str:
        return spoken_unit(balance.bucket.unit, self.context["currency"])

    @extend_schema_field(AmountOrMoneyField)
    def get_granted(self, balance: Balance) -> int | str:
        return self._amount(balance, balance.bucket.granted)

    @extend_schema_field(AmountOrMoneyField)
    def get_available(self, balance: Balance) -> int | str:
        return self._amount(balance, balance.bucket.available)

    @extend_schema_field(AmountOrMoneyField)
    def get_reserved(self, balance: Balance) -> int | str:
        return self._amount(balance, balance.bucket.reserved)

    @extend_schema_field(AmountOrMoneyField)
    def get_used(self, balance: Balance) -> int | str:
        return self._amount(balance, balance.bucket.used)

    @extend_schema_field(AmountOrMoneyField)
    def get_expired(self, balance: Balance) -> int | str:
        return self._amount(balance, balance.bucket.expired)

    @extend_schema_field(BalanceThresholdOut(many=True))
    def get_thresholds(self, balance: Balance) -> list[dict[str, Any]]:
        context = {"unit": balance.bucket.unit, "currency": self.context["currency"]}
        return list(BalanceThresholdOut(balance.thresholds, many=True, context=context).data)

    def _amount(self, balance: Balance, amount: int) -> int | str:
        return spoken_amount(amount, balance.bucket.unit, self.context["currency"])


# ── top-ups ──────────────────────────────────────────────────────────────────────────────────


class TopUpIn(StrictSerializer):
    """Money for the main balance, or units of a service."""

    service = serializers.ChoiceField(
        choices=Service.choices, default=Service.MONEY.value, help_text="Money unless given."
    )
    amount = AmountOrMoneyField()
    reason = serializers.CharField(max_length=300, default="Top-up")
    request_key = serializers.CharField(
        max_length=KEY_LENGTH_MAX,
        required=False,
        help_text="The same as the header Idempotency-Key.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            is_money = attrs["service"] == Service.MONEY
            attrs["amount"] = read_amount(attrs["amount"], is_money=is_money)
        except ValidationError as error:
            raise ValidationError({"amount": error.detail}) from error
        return attrs


class TopUpOut(serializers.Serializer[LedgerEntry]):
    bucket = serializers.CharField(source="bucket.ref", help_text="Its reference.")
    name = serializers.CharField(source="bucket.name")
    service = serializers.ChoiceField(source="bucket.service", choices=Service.choices)
    unit = serializers.SerializerMethodField(help_text="octets, seconds, events, or a currency.")
    amount = serializers.SerializerMethodField()
    available = serializers.SerializerMethodField(help_text="In the bucket after the top-up.")
    reason = serializers.CharField()
    request_key = serializers.CharField()
    at = serializers.DateTimeField()

    def get_unit(self, entry: LedgerEntry) -> str:
        return spoken_unit(entry.bucket.unit, self.context["currency"])

    @extend_schema_field(AmountOrMoneyField)
    def get_amount(self, entry: LedgerEntry) -> int | str:
        return spoken_amount(entry.granted, entry.bucket.unit, self.context["currency"])

    @extend_schema_field(AmountOrMoneyField)
    def get_available(self, entry: LedgerEntry) -> int | str:
        return spoken_amount(entry.available_after, entry.bucket.unit, self.context["currency"])


# ── emulated usage ───────────────────────────────────────────────────────────────────────────


class UsageIn(StrictSerializer):
    """What the emulated phone should use."""

    service = serializers.ChoiceField(choices=_METERED)
    volume = AmountField(help_text="Octets, seconds or events.")
    destination = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="Called party or recipient."
    )
    rating_group = serializers.IntegerField(
        min_value=0,
        max_value=UINT32_MAX,
        required=False,
        help_text="The service's own unless given.",
    )
    label = serializers.CharField(  # type: ignore[assignment]  # a field, not Field.label
        max_length=60, required=False, allow_blank=True
    )


class EmulatedSessionOut(serializers.Serializer[EmulatedSession]):
    id = serializers.UUIDField(source="public_id")
    url = serializers.SerializerMethodField()
    device = serializers.CharField(source="device.public_id")
    service = serializers.ChoiceField(choices=Service.choices)
    label = serializers.CharField()  # type: ignore[assignment]
    rating_group = serializers.IntegerField(allow_null=True)
    volume = serializers.IntegerField(allow_null=True, help_text="Null: until it is hung up.")
    destination = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    used = serializers.IntegerField()
    cost = MoneyField(currency="device.account.currency", allow_null=True)
    result = serializers.CharField(help_text="The last result code; empty before the first answer.")
    error = serializers.CharField()
    charging_session = serializers.CharField(
        source="charging_ref", help_text="Its reference at the charging function, once opened."
    )
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.URLField())
    def get_url(self, session: EmulatedSession) -> str:
        return str(self.context["url_of"](session))


# ── charging sessions ────────────────────────────────────────────────────────────────────────


class SessionFilters(serializers.Serializer[Any]):
    device = serializers.CharField(required=False, help_text="A device's id, SUPI or GPSI.")
    account = serializers.CharField(required=False, help_text="Id of an account.")
    state = serializers.ChoiceField(required=False, choices=ChargingSession.State.choices)
    result = serializers.CharField(required=False, help_text="SUCCESS, QUOTA_LIMIT_REACHED, …")
    opened_from = serializers.DateTimeField(required=False)
    opened_before = serializers.DateTimeField(required=False)


class SessionOut(serializers.Serializer[ChargingSession]):
    ref = serializers.CharField(help_text="ChargingDataRef on N40.")
    account = serializers.CharField(source="account.public_id")
    device = serializers.CharField(source="device.public_id")
    subscriber_identifier = serializers.CharField()
    kind = serializers.ChoiceField(choices=ChargingSession.Kind.choices)
    state = serializers.ChoiceField(choices=ChargingSession.State.choices)
    destination = serializers.CharField()
    node_functionality = serializers.CharField()
    requests = serializers.IntegerField()
    cost = MoneyField(currency="account.currency")
    currency = serializers.CharField(source="account.currency")
    result = serializers.CharField(source="last_result")
    opened_at = serializers.DateTimeField()
    last_request_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    close_cause = serializers.CharField()


class UsageOut(serializers.Serializer[Any]):
    """What one request reported for a rating group."""

    rating_group = serializers.IntegerField()
    upf_id = serializers.CharField()
    used = serializers.IntegerField()
    cost = serializers.CharField()


class MessageOut(serializers.Serializer[Any]):
    operation = serializers.CharField(help_text="create, update, release, or sweep.")
    sequence_number = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    status = serializers.IntegerField(help_text="Of the HTTP answer.")
    cost = MoneyField(currency="currency")
    usage = UsageOut(many=True)
    request = serializers.JSONField(allow_null=True, help_text="As it was sent.")
    answer = serializers.JSONField(allow_null=True, help_text="As it was answered.")


class StepOut(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Stable name of the step.")
    kind = serializers.CharField(help_text="Its tone: how a person should take it.")
    text = serializers.CharField()


class ExplanationOut(serializers.Serializer[Any]):
    """The decisions about one message, as the engine made them."""

    operation = serializers.CharField()
    sequence_number = serializers.IntegerField()
    steps = StepOut(many=True)


class SessionReversalOut(serializers.Serializer[Any]):
    """What was given back of a session's charges."""

    entry = serializers.CharField(source="ref", help_text="Its ledger entry.")
    bucket = serializers.CharField(source="bucket.ref")
    name = serializers.CharField(source="bucket.name")
    unit = serializers.SerializerMethodField(help_text="octets, seconds, events, or a currency.")
    amount = serializers.SerializerMethodField()
    at = serializers.DateTimeField()
    actor = serializers.CharField(source="actor_name")
    reason = serializers.CharField()

    def get_unit(self, entry: LedgerEntry) -> str:
        return spoken_unit(entry.bucket.unit, entry.account.currency)

    @extend_schema_field(AmountOrMoneyField)
    def get_amount(self, entry: LedgerEntry) -> int | str:
        return spoken_amount(entry.available, entry.bucket.unit, entry.account.currency)


class SessionDetailOut(SessionOut):
    messages = serializers.SerializerMethodField()
    explanation = serializers.SerializerMethodField()
    reversals = serializers.SerializerMethodField(
        help_text="Given back since; the cost stays as it was charged."
    )

    @extend_schema_field(SessionReversalOut(many=True))
    def get_reversals(self, session: ChargingSession) -> list[dict[str, Any]]:
        return list(SessionReversalOut(reversals_of(session), many=True).data)

    @extend_schema_field(MessageOut(many=True))
    def get_messages(self, session: ChargingSession) -> list[dict[str, Any]]:
        shown = [_message(one, session.account.currency) for one in self.context["explained"]]
        return list(MessageOut(shown, many=True).data)

    @extend_schema_field(ExplanationOut(many=True))
    def get_explanation(self, session: ChargingSession) -> list[dict[str, Any]]:
        return [_explanation(one) for one in self.context["explained"]]


def _message(explained: ExplainedMessage, currency: str) -> dict[str, Any]:
    entry = explained.message.entry
    return {
        "operation": entry.operation,
        "sequence_number": entry.sequence_number,
        "received_at": entry.received_at,
        "status": entry.status,
        "cost": entry.cost,
        "currency": currency,
        "usage": [
            {
                "rating_group": rating_group,
                "upf_id": upf_id,
                "used": used,
                "cost": spoken_amount(cost, "NANO_MONEY", currency),
            }
            for rating_group, upf_id, used, cost in explained.message.decision.usage
        ],
        "request": _as_json(entry.request),
        "answer": _as_json(entry.answer),
    }


def _explanation(explained: ExplainedMessage) -> dict[str, Any]:
    return {
        "operation": explained.message.entry.operation,
        "sequence_number": explained.message.entry.sequence_number,
        "steps": [
            {"code": step.code, "kind": step.kind, "text": step.text}
            for step in explained.sentences
        ],
    }


def _as_json(text: str) -> Any:
    """The message as a value; what is not JSON is shown as the text it is."""
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
