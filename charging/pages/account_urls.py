"""Addresses below /accounts/."""

from django.urls import path

from charging.pages import (
    account_dialogs,
    account_exports,
    accounts,
    balance_dialogs,
    correction_dialogs,
    plan_dialogs,
    sharing_dialogs,
)

urlpatterns = [
    path("", accounts.account_list, name="account-list"),
    path("new/", accounts.account_new, name="account-new"),
    path("<account_id>/", accounts.account, name="account"),
    path("<account_id>/live/", accounts.account_live, name="account-live"),
    path("<account_id>/balances/", accounts.account_balances, name="account-balances"),
    path("<account_id>/ledger.csv", account_exports.ledger_csv, name="account-ledger-csv"),
    path("<account_id>/buckets/<bucket_ref>/", balance_dialogs.bucket, name="account-bucket"),
    path("<account_id>/top-up/", balance_dialogs.top_up, name="account-top-up"),
    path("<account_id>/adjust/", balance_dialogs.adjust, name="account-adjust"),
    path(
        "<account_id>/adjust/preview/",
        balance_dialogs.adjust_preview,
        name="account-adjust-preview",
    ),
    path("<account_id>/devices/new/", account_dialogs.device_new, name="account-device-new"),
    path("<account_id>/plan/", account_dialogs.plan, name="account-plan"),
    path("<account_id>/add-on/", plan_dialogs.add_on, name="account-add-on"),
    path(
        "<account_id>/plans/<uuid:held_id>/cancel/", plan_dialogs.cancel, name="account-plan-cancel"
    ),
    path(
        "<account_id>/plans/<uuid:held_id>/change/", plan_dialogs.change, name="account-plan-change"
    ),
    path("<account_id>/plans/<uuid:held_id>/undo/", plan_dialogs.undo, name="account-plan-undo"),
    path(
        "<account_id>/plans/<uuid:held_id>/quantity/",
        plan_dialogs.quantity,
        name="account-plan-quantity",
    ),
    path("<account_id>/state/", account_dialogs.state, name="account-state"),
    path("<account_id>/transfer/", correction_dialogs.transfer, name="account-transfer"),
    path(
        "<account_id>/ledger/<entry_ref>/reverse/",
        correction_dialogs.reverse,
        name="account-reverse",
    ),
    path("<account_id>/parent/", sharing_dialogs.parent, name="account-parent"),
    path("<account_id>/group/", sharing_dialogs.group, name="account-group"),
    path("<account_id>/cap/", sharing_dialogs.cap, name="account-cap"),
    path("<account_id>/balances/<bucket_ref>/share/", sharing_dialogs.share, name="account-share"),
]
