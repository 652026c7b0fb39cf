"""The ledger over REST: every move of an account's amounts, counters, transfers and reversals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from charging import services
from charging.api.accounts import BALANCES, AccountView
from charging.ledger_serializers import (
    CorrectionOut,
    CounterOut,
    LedgerEntryOut,
    LedgerFilters,
    ReversalIn,
    TransferIn,
)
from charging.models import Bucket, ChargingSession, LedgerEntry
from charging.refs import bucket_key, entry_key
from charging.selectors import counters_of, ledger_of
from plans.models import Unit
from plans.serializers import read_amount, spoken_amount
from portal.api.idempotency import KEY_PARAMETER, request_key
from portal.api.problems import Conflict, KeyReused
from portal.tenancy.validation import Invalid
from subscribers.models import Account
from subscribers.selectors import find_account

LEDGER = "Ledger"


class LedgerListView(AccountView):
    permission, filters = "subscribers.view", LedgerFilters

    @extend_schema(
        tags=[LEDGER],
        operation_id="ledger_list",
        summary="Read an account's ledger",
        parameters=[LedgerFilters],
        responses=LedgerEntryOut(many=True),
    )
    def get(self, request: Request, id: str) -> Response:
        """Every move of amounts, the newest first; those of counters when one is asked for."""
        account, query = self.account(id), self.query()
        key = None
        if name := query.get("bucket"):
            key = bucket_key(name) or 0
        kinds = [query["kind"]] if "kind" in query else []
        entries = ledger_of(account, bucket_key=key, kinds=kinds).select_related("account")
        return self.page(entries, LedgerEntryOut)


class CounterListView(AccountView):
    permission = "subscribers.view"

    @extend_schema(
        tags=[BALANCES],
        operation_id="counters_list",
        summary="Read an account's counters",
        responses=CounterOut(many=True),
    )
    def get(self, request: Request, id: str) -> Response:
        """What was used and spent in the running cycles, in one page: no balances, they pay for
        nothing."""
        self.query()
        account = self.account(id)
        found = counters_of(account, now=timezone.now())
        shown = CounterOut(found, many=True, context={"currency": account.currency})
        return Response({"results": shown.data, "next": None})


class TransferView(AccountView):
    permission = "balances.adjust"

    @extend_schema(
        tags=[LEDGER],
        operation_id="transfers_create",
        summary="Move an amount to another balance",
        parameters=[KEY_PARAMETER],
        request=TransferIn,
        responses={201: CorrectionOut},
    )
    def post(self, request: Request, id: str) -> Response:
        """Of the same account or another one, of one unit and currency; two entries that share a
        reference."""
        account, body = self.account(id), self.body(TransferIn)
        taker = account
        if name := body.pop("to_account", ""):
            taker = find_account(name) or _unknown("to_account", "There is no account of this id.")
        source = _bucket_of(account, body.pop("bucket", ""), "bucket")
        target = _bucket_of(taker, body.pop("to_bucket", ""), "to_bucket")
        amount = _read(body.pop("amount"), source)
        body["request_key"] = request_key(request, in_body=body.get("request_key", ""))
        with _refusals(account, "to_bucket"):
            taken = services.transfer_amount(
                source=source,
                target=target,
                amount=amount,
                **body,
                actor=self.actor,
                now=timezone.now(),
            )
        pair = LedgerEntry.objects.filter(reference=taken.reference).order_by("pk")
        return _made(pair)


class ReversalView(AccountView):
    permission = "balances.adjust"

    @extend_schema(
        tags=[LEDGER],
        operation_id="reversals_create",
        summary="Give a charge back",
        parameters=[KEY_PARAMETER],
        request=ReversalIn,
        responses={201: CorrectionOut},
    )
    def post(self, request: Request, id: str) -> Response:
        """By its ledger entry, or by its charging session. What was used becomes available again
        in the bucket it came from; the session shows what it was charged as before."""
        account, body = self.account(id), self.body(ReversalIn)
        body["request_key"] = request_key(request, in_body=body.get("request_key", ""))
        with _refusals(account, "entry" if "entry" in body else "session"):
            return self._reverse(account, body)

    def _reverse(self, account: Account, body: dict[str, Any]) -> Response:
        cause: dict[str, Any] = {"actor": self.actor, "now": timezone.now()}
        if "entry" not in body:
            session = ChargingSession.objects.select_related("account").filter(
                account=account, ref=body.pop("session")
            )
            found = session.first() or _unknown("session", "The account has no such session.")
            made = services.reverse_charge(session=found, **body, **cause)
            return _made(LedgerEntry.objects.filter(pk__in=[one.pk for one in made]))
        entry = _entry_of(account, body.pop("entry"))
        amount = _read(body.pop("amount"), entry.bucket) if "amount" in body else None
        one = services.reverse_entry(entry=entry, amount=amount, **body, **cause)
        return _made(LedgerEntry.objects.filter(pk=one.pk))


def _made(entries: Any) -> Response:
    found = entries.select_related("account", "bucket", "session").order_by("pk")
    return Response(CorrectionOut({"entries": found}).data, status=201)


def _bucket_of(account: Account, ref: str, param: str) -> Bucket:
    """The balance of this reference; the account's main balance where none is given."""
    if not ref:
        return services.money_bucket(account, now=timezone.now())
    buckets = Bucket.objects.select_related("account")
    found = buckets.filter(account=account, pk=bucket_key(ref) or 0).first()
    return found or _unknown(param, "The account has no such balance.")


def _entry_of(account: Account, ref: str) -> LedgerEntry:
    entries = LedgerEntry.objects.select_related("account", "bucket", "session")
    found = entries.filter(account=account, pk=entry_key(ref) or 0).first()
    return found or _unknown("entry", "The account has no such ledger entry.")


def _unknown(param: str, text: str) -> Any:
    raise Invalid.at(param, text)


def _read(raw: Any, bucket: Bucket) -> int:
    try:
        return read_amount(raw, is_money=bucket.unit == Unit.NANO_MONEY)
    except ValidationError as error:
        raise ValidationError({"amount": error.detail}) from error


@contextmanager
def _refusals(account: Account, param: str) -> Iterator[None]:
    """What the services refuse, as problems; `param` names the field of what does not fit."""
    try:
        yield
    except services.RequestKeyReused as error:
        raise KeyReused("This key was used for another request.") from error
    except services.AccountTerminated as error:
        raise Conflict("The account is terminated.") from error
    except services.AlreadyReversed as error:
        raise Conflict("This charge was given back before.", param=f"/{param}") from error
    except services.NothingToReverse as error:
        raise Conflict("Nothing is left to give back.", param=f"/{param}") from error
    except services.UnitsDiffer as error:
        raise Invalid.at(param, "The balances differ in unit or currency.") from error
    except services.AmountAboveLimit as error:
        limit = spoken_amount(error.limit, Unit.NANO_MONEY, account.currency)
        raise Invalid.at("amount", f"You may move {limit} at once.") from error
    except services.AdjustmentTooLow as error:
        raise Invalid.at("amount", "The balance that gives does not have so much.") from error
