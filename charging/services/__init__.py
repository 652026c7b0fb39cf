"""Changes of what accounts may use: opening, subscribing, topping up, adjusting."""

from charging.ledger import AlreadyReversed, RequestKeyReused
from charging.services.amounts import adjust_bucket, money_bucket, top_up_money, top_up_units
from charging.services.corrections import (
    NothingToReverse,
    UnitsDiffer,
    reverse_charge,
    reverse_entry,
    transfer_amount,
)
from charging.services.plan_changes import (
    NothingScheduled,
    PlanSubscriptionOver,
    cancel_plan_subscription,
    change_plan,
    change_plan_subscription,
    change_quantity,
    end_plan_subscription,
    override_plan_subscription,
    undo_scheduled,
)
from charging.services.rules import ADJUSTMENT_REASONS, AdjustmentTooLow, AmountAboveLimit
from charging.services.subscriptions import (
    CurrencyMismatch,
    NotEnoughMoney,
    NotPublished,
    open_account,
    published_version,
    start_plan_subscription,
)
from subscribers.lifecycle import StateForbids
from subscribers.services import AccountTerminated

__all__ = [
    "ADJUSTMENT_REASONS",
    "AccountTerminated",
    "AdjustmentTooLow",
    "AlreadyReversed",
    "AmountAboveLimit",
    "CurrencyMismatch",
    "NotEnoughMoney",
    "NotPublished",
    "NothingScheduled",
    "NothingToReverse",
    "PlanSubscriptionOver",
    "RequestKeyReused",
    "StateForbids",
    "UnitsDiffer",
    "adjust_bucket",
    "cancel_plan_subscription",
    "change_plan",
    "change_plan_subscription",
    "change_quantity",
    "end_plan_subscription",
    "money_bucket",
    "open_account",
    "override_plan_subscription",
    "published_version",
    "reverse_charge",
    "reverse_entry",
    "start_plan_subscription",
    "top_up_money",
    "top_up_units",
    "transfer_amount",
    "undo_scheduled",
]
