"""Changes of what accounts may use: opening, subscribing, topping up, adjusting."""

from charging.ledger import RequestKeyReused
from charging.services.amounts import (
    ADJUSTMENT_REASONS,
    AdjustmentTooLow,
    AmountAboveLimit,
    adjust_bucket,
    money_bucket,
    top_up_money,
    top_up_units,
)
from charging.services.subscriptions import (
    CurrencyMismatch,
    NotEnoughMoney,
    NotPublished,
    change_plan,
    end_plan_subscription,
    open_account,
    start_plan_subscription,
)
from subscribers.services import AccountTerminated

__all__ = [
    "ADJUSTMENT_REASONS",
    "AccountTerminated",
    "AdjustmentTooLow",
    "AmountAboveLimit",
    "CurrencyMismatch",
    "NotEnoughMoney",
    "NotPublished",
    "RequestKeyReused",
    "adjust_bucket",
    "change_plan",
    "end_plan_subscription",
    "money_bucket",
    "open_account",
    "start_plan_subscription",
    "top_up_money",
    "top_up_units",
]
