"""A worked example for each call: what the reference shows and a test sends.

In the order in which an integrator would make them; `path` fills the address.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

GIGABYTE: Final = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What to put into an address and send to it."""

    path: dict[str, str] = field(default_factory=dict)
    query: str = ""
    body: dict[str, Any] | None = None
    csv: str = ""
    """A file sent instead of a body."""
    headers: dict[str, str] = field(default_factory=dict)


_PLAN: Final = {"code": "weekend-10"}
_VERSION: Final = {**_PLAN, "number": "1"}
_ACCOUNT: Final = {"id": "crm-10017"}
_HELD_PLAN: Final = {**_ACCOUNT, "subscription": "5f0c7a52-8d5e-4f5b-9d0c-0a3b6f1e7c11"}
_DEVICE: Final = {"id": "sim-10017"}

_DATA_CAP: Final = {"service": "data", "amount": GIGABYTE}

_VERSION_BODY: Final = {
    "price": "9.90",
    "currency": "EUR",
    "renewal": "30 days",
    "bands": [
        {
            "code": "evenings",
            "name": "Evenings",
            "windows": [{"weekdays": [1, 2, 3, 4, 5], "start": "18:00", "end": "24:00"}],
        }
    ],
    "allowances": [
        {
            "name": "National data",
            "service": "data",
            "amount": 10 * GIGABYTE,
            "renewal": "roll_over",
            "roll_over_amount_max": 5 * GIGABYTE,
            "thresholds": [
                {"name": "Half", "percent": 50},
                {"name": "Nearly empty", "percent": 5},
            ],
        },
        {"name": "Minutes", "service": "voice", "amount": 6000},
    ],
    "rates": [
        {"service": "voice", "price": "0.09", "per": 60, "increment": 60},
        {
            "service": "voice",
            "price": "0.05",
            "per": 60,
            "slots": [{"start": 600, "price": "0.03", "per": 60}],
            "maximum": "2.00",
            "conditions": {"zones": ["home"], "band": "evenings"},
        },
    ],
}


def _state(name: str, **more: Any) -> dict[str, Any]:
    return {"state": name, "services": None, "may_top_up": True, "may_buy": True, **more}


EXAMPLES: Final[dict[str, Example]] = {
    "rating_groups_list": Example(),
    "rating_groups_replace": Example(
        path={"number": "320"},
        body={
            "name": "Video",
            "service": "data",
            "unit": "octets",
            "mode": "online",
            "grant": 104857600,
            "validity_time": 3600,
        },
    ),
    "rating_groups_read": Example(path={"number": "320"}),
    "destination_groups_list": Example(),
    "destination_groups_replace": Example(
        path={"code": "es-mobile"}, body={"name": "Spain mobile", "number_class": "mobile"}
    ),
    "destination_groups_read": Example(path={"code": "es-mobile"}),
    "destination_prefixes_import": Example(
        query="mode=replace",
        csv="group,prefix,name\nes-mobile,346,\nes-mobile,347,\nes,34,Spain\n",
    ),
    "destination_prefixes_list": Example(query="number=%2B34612345678"),
    "destination_groups_delete": Example(path={"code": "es-mobile"}),
    "zones_list": Example(),
    "zones_replace": Example(
        path={"code": "iberia"},
        body={"name": "Iberia", "countries": ["214", "268"], "networks": ["21303"]},
    ),
    "zones_read": Example(path={"code": "iberia"}),
    "zones_delete": Example(path={"code": "iberia"}),
    "holidays_list": Example(),
    "holidays_replace": Example(path={"day": "2026-12-25"}, body={"name": "Christmas Day"}),
    "holidays_read": Example(path={"day": "2026-12-25"}),
    "holidays_delete": Example(path={"day": "2026-12-25"}),
    "plans_create": Example(body={"code": "weekend-10", "name": "Weekend 10"}),
    "plans_list": Example(),
    "plans_read": Example(path=_PLAN),
    "plan_versions_create": Example(path=_PLAN, body=_VERSION_BODY),
    "plan_versions_read": Example(path=_VERSION),
    "plan_versions_replace": Example(path=_VERSION, body={**_VERSION_BODY, "price": "11.90"}),
    "plan_versions_publish": Example(path=_VERSION),
    "accounts_create": Example(
        body={"id": "crm-10017", "name": "Ana Torres", "plan": "weekend-10"}
    ),
    "accounts_list": Example(query="search=Ana"),
    "accounts_read": Example(path=_ACCOUNT),
    "devices_create": Example(
        body={
            "id": "sim-10017",
            "account": "crm-10017",
            "supi": "imsi-001010000010017",
            "gpsi": "msisdn-4915100010017",
        }
    ),
    "devices_list": Example(query="account=crm-10017"),
    "devices_read": Example(path=_DEVICE),
    "balances_list": Example(path=_ACCOUNT),
    "account_states_read": Example(),
    "account_states_replace": Example(
        body={
            "initial": "pre_active",
            "states": [
                _state("pre_active"),
                _state("active"),
                _state("grace", services=["sms"]),
                _state("suspended", services=[], may_buy=False),
                _state("terminated", services=[], may_top_up=False, may_buy=False),
            ],
            "transitions": [
                {"state": "pre_active", "cause": "first_use", "to": "active"},
                {"state": "active", "cause": "renewal_failed", "to": "grace"},
                {"state": "grace", "cause": "time", "after_days": 30, "to": "suspended"},
            ],
        }
    ),
    "accounts_state_read": Example(path=_ACCOUNT),
    "accounts_state_change": Example(
        path=_ACCOUNT, body={"state": "active", "reason": "Paid at the counter"}
    ),
    "parents_read": Example(path=_ACCOUNT),
    "parents_replace": Example(path=_ACCOUNT, body={"parent": None}),
    "shared_groups_create": Example(
        body={
            "code": "torres",
            "name": "Torres family",
            "owner": "crm-10017",
            "order": "own_lowest",
            "members": [
                {"account": "crm-10017", "caps": [{"service": "data", "amount": GIGABYTE}]}
            ],
        }
    ),
    "shared_groups_list": Example(),
    "shared_groups_read": Example(path={"code": "torres"}),
    "shared_groups_replace": Example(
        path={"code": "torres"}, body={"name": "Torres", "order": "lowest"}
    ),
    "balances_read": Example(path={**_ACCOUNT, "bucket": "3w5q0p7v9k1xd"}),
    "balances_change": Example(
        path={**_ACCOUNT, "bucket": "3w5q0p7v9k1xd"}, body={"is_shared": True}
    ),
    "topups_create": Example(
        path=_ACCOUNT,
        body={"amount": "10.00", "reason": "Voucher 4711"},
        headers={"Idempotency-Key": "voucher-4711"},
    ),
    "plan_subscriptions_list": Example(path=_ACCOUNT),
    "plan_subscriptions_create": Example(
        path=_ACCOUNT, body={"plan": "extra-5", "quantity": 2, "charge_fees": True}
    ),
    "plan_subscriptions_read": Example(path=_HELD_PLAN),
    "plan_periods_list": Example(path=_HELD_PLAN),
    "plan_subscriptions_resize": Example(path=_HELD_PLAN, body={"quantity": 3}),
    "plan_subscriptions_override": Example(path=_HELD_PLAN, body={"price": "7.90"}),
    "plan_subscriptions_change": Example(
        path=_HELD_PLAN,
        body={"plan": "flex-20", "when": "renewal", "leftovers": "carry_over"},
    ),
    "plan_subscriptions_undo": Example(path=_HELD_PLAN),
    "plan_subscriptions_cancel": Example(
        path=_HELD_PLAN, body={"when": "period_end", "reason": "Moves abroad"}
    ),
    "counters_list": Example(path=_ACCOUNT),
    "ledger_list": Example(path=_ACCOUNT, query="kind=issue"),
    "transfers_create": Example(
        path=_ACCOUNT,
        body={"to_account": "crm-10018", "amount": "5.00", "reason": "request"},
        headers={"Idempotency-Key": "gift-88"},
    ),
    "reversals_create": Example(
        path=_ACCOUNT,
        body={"session": "ul0pQYwAbM1cAX0dSjV9cVOFf7mu3vHA", "reason": "wrong-charge"},
        headers={"Idempotency-Key": "complaint-17"},
    ),
    "usage_create": Example(
        path=_DEVICE,
        body={"service": "voice", "volume": 252, "destination": "34911234567"},
        headers={"Idempotency-Key": "job-2041"},
    ),
    "emulated_sessions_read": Example(path={"id": "0b6fd1c4-52a6-4f0c-9a43-6f1a1d1d7f10"}),
    "charging_sessions_list": Example(query="device=sim-10017"),
    "charging_sessions_read": Example(path={"ref": "ul0pQYwAbM1cAX0dSjV9cVOFf7mu3vHA"}),
    "notifications_list": Example(query="account=crm-10017&type=bucket.threshold_crossed"),
}
