"""What services refuse, in words at the field it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django import forms

from charging import services
from charging.pages.account_context import sayer
from charging.pages.forms import show_errors
from portal.tenancy.validation import Invalid
from subscribers.models import Account
from subscribers.services import StateUnchanged

_WORDS: Final[dict[type[Exception], tuple[str, Callable[[Any, Callable[[int], str]], str]]]] = {
    services.AdjustmentTooLow: (
        "amount",
        lambda refusal, say: f"At most {say(refusal.available)} can be taken away.",
    ),
    services.NotEnoughMoney: (
        "charge_price",
        lambda refusal, say: "The main balance does not cover the price.",
    ),
    services.NotPublished: (
        "version",
        lambda refusal, say: "This version is no longer published; choose again.",
    ),
    services.CurrencyMismatch: (
        "version",
        lambda refusal, say: "This plan is priced in another currency.",
    ),
    services.PlanSubscriptionOver: ("", lambda refusal, say: "This plan is over already."),
    services.NothingScheduled: ("", lambda refusal, say: "Nothing is scheduled any more."),
    services.RequestKeyReused: (
        "",
        lambda refusal, say: "This was already sent with other contents. Close and open it again.",
    ),
    services.AccountTerminated: (
        "",
        lambda refusal, say: "The account is terminated and takes no changes.",
    ),
    services.StateForbids: ("", lambda refusal, say: str(refusal)),
    services.AlreadyReversed: ("", lambda refusal, say: "This charge was given back before."),
    services.NothingToReverse: ("", lambda refusal, say: "Nothing is left to give back."),
    services.UnitsDiffer: (
        "target",
        lambda refusal, say: "The balances differ in unit or currency.",
    ),
    StateUnchanged: ("", lambda refusal, say: "Somebody has done that already."),
}


@contextmanager
def refusals_at(form: forms.Form, account: Account, *, unit: str = "NANO_MONEY") -> Iterator[None]:
    """Turn what a service raises into errors of the form; `unit` is that of its amount."""
    say = sayer(account)
    try:
        yield
    except Invalid as invalid:
        show_errors(form, invalid)
    except services.AmountAboveLimit as refusal:
        limit = say(refusal.limit, "NANO_MONEY")
        form.add_error("amount", f"You may move at most {limit} at once; ask an administrator.")
    except tuple(_WORDS) as refusal:
        field, word = _WORDS[type(refusal)]
        form.add_error(field or None, word(refusal, lambda amount: say(amount, unit)))
