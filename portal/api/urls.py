"""Addresses of the REST API, its documentation and the token endpoint."""

from django.urls import URLPattern, URLResolver, include, path, re_path, register_converter
from django.urls.converters import StringConverter

from charging.api import accounts, emulation, ledger, plan_subscriptions, sessions, sharing
from notifications import api as notifications
from plans import api as plans
from plans.reference import addresses  # noqa: F401  registers <day:…>
from plans.reference import api as reference
from portal.api.views import SchemaView, unknown_address
from portal.pages import api_clients, api_docs
from portal.tenancy.oauth import views as oauth
from portal.tenancy.permissions import public
from subscribers import api as subscribers
from subscribers import lifecycle_api


class KeyConverter(StringConverter):
    """An id as clients give it; the database cannot hold the one character left out."""

    regex = r"[^/\x00]+"


register_converter(KeyConverter, "key")

_plans = [
    path("", plans.PlanListView.as_view(), name="api-plans"),
    path("<key:code>/", plans.PlanDetailView.as_view(), name="api-plan"),
    path("<key:code>/versions/", plans.VersionListView.as_view(), name="api-versions"),
    path(
        "<key:code>/versions/<int:number>/",
        plans.VersionDetailView.as_view(),
        name="api-version",
    ),
    path(
        "<key:code>/versions/<int:number>/publish/",
        plans.PublishView.as_view(),
        name="api-publish",
    ),
]

_reference: list[URLPattern | URLResolver] = [
    path(
        "destination-groups/",
        reference.DestinationGroupListView.as_view(),
        name="api-destination-groups",
    ),
    path(
        "destination-groups/<key:code>/",
        reference.DestinationGroupDetailView.as_view(),
        name="api-destination-group",
    ),
    path(
        "destination-prefixes/",
        reference.DestinationPrefixListView.as_view(),
        name="api-destination-prefixes",
    ),
    path(
        "destination-prefixes/import/",
        reference.PrefixImportView.as_view(),
        name="api-destination-import",
    ),
    path("zones/", reference.ZoneListView.as_view(), name="api-zones"),
    path("zones/<key:code>/", reference.ZoneDetailView.as_view(), name="api-zone"),
    path("holidays/", reference.HolidayListView.as_view(), name="api-holidays"),
    path("holidays/<day:day>/", reference.HolidayDetailView.as_view(), name="api-holiday"),
]

_accounts = [
    path("", accounts.AccountListView.as_view(), name="api-accounts"),
    path("<key:id>/", accounts.AccountDetailView.as_view(), name="api-account"),
    path(
        "<key:id>/plan-subscriptions/",
        plan_subscriptions.HeldPlanListView.as_view(),
        name="api-held-plans",
    ),
    path(
        "<key:id>/plan-subscriptions/<uuid:subscription>/",
        plan_subscriptions.HeldPlanDetailView.as_view(),
        name="api-held-plan",
    ),
    path(
        "<key:id>/plan-subscriptions/<uuid:subscription>/periods/",
        plan_subscriptions.PeriodListView.as_view(),
        name="api-held-plan-periods",
    ),
    path(
        "<key:id>/plan-subscriptions/<uuid:subscription>/cancel/",
        plan_subscriptions.CancelView.as_view(),
        name="api-held-plan-cancel",
    ),
    path(
        "<key:id>/plan-subscriptions/<uuid:subscription>/change/",
        plan_subscriptions.ChangeView.as_view(),
        name="api-held-plan-change",
    ),
    path(
        "<key:id>/plan-subscriptions/<uuid:subscription>/undo/",
        plan_subscriptions.UndoView.as_view(),
        name="api-held-plan-undo",
    ),
    path(
        "<key:id>/plan-subscriptions/<uuid:subscription>/quantity/",
        plan_subscriptions.QuantityView.as_view(),
        name="api-held-plan-quantity",
    ),
    path(
        "<key:id>/plan-subscriptions/<uuid:subscription>/overrides/",
        plan_subscriptions.OverridesView.as_view(),
        name="api-held-plan-overrides",
    ),
    path("<key:id>/balances/", accounts.BalanceListView.as_view(), name="api-balances"),
    path(
        "<key:id>/balances/<key:bucket>/",
        sharing.BalanceDetailView.as_view(),
        name="api-balance",
    ),
    path("<key:id>/state/", accounts.AccountStateView.as_view(), name="api-account-state"),
    path("<key:id>/parent/", sharing.ParentView.as_view(), name="api-parent"),
    path("<key:id>/topups/", accounts.TopUpView.as_view(), name="api-topups"),
    path("<key:id>/counters/", ledger.CounterListView.as_view(), name="api-counters"),
    path("<key:id>/ledger/", ledger.LedgerListView.as_view(), name="api-ledger"),
    path("<key:id>/transfers/", ledger.TransferView.as_view(), name="api-transfers"),
    path("<key:id>/reversals/", ledger.ReversalView.as_view(), name="api-reversals"),
]

_devices = [
    path("", subscribers.DeviceListView.as_view(), name="api-devices"),
    path("<key:id>/", subscribers.DeviceDetailView.as_view(), name="api-device"),
    path("<key:id>/usage/", emulation.UsageView.as_view(), name="api-usage"),
]

_v1: list[URLPattern | URLResolver] = [
    path("schema/", public(SchemaView.as_view()), name="api-schema"),
    path("docs/", api_docs.api_docs, name="api-docs"),
    path("plans/", include(_plans)),
    path("rating-groups/", plans.RatingGroupListView.as_view(), name="api-rating-groups"),
    path(
        "rating-groups/<int:number>/",
        plans.RatingGroupDetailView.as_view(),
        name="api-rating-group",
    ),
    *_reference,
    path("accounts/", include(_accounts)),
    path("account-states/", lifecycle_api.LifecycleView.as_view(), name="api-account-states"),
    path("shared-groups/", sharing.GroupListView.as_view(), name="api-shared-groups"),
    path("shared-groups/<key:code>/", sharing.GroupDetailView.as_view(), name="api-shared-group"),
    path("devices/", include(_devices)),
    path(
        "emulated-sessions/<uuid:id>/",
        emulation.EmulatedSessionDetailView.as_view(),
        name="api-emulated-session",
    ),
    path("charging-sessions/", sessions.SessionListView.as_view(), name="api-sessions"),
    path("charging-sessions/<key:ref>/", sessions.SessionDetailView.as_view(), name="api-session"),
    path("notifications/", notifications.NotificationListView.as_view(), name="api-notifications"),
]

_clients = [
    path("", api_clients.client_list, name="api-clients"),
    path("new/", api_clients.client_new, name="api-client-new"),
    path("<key:client_id>/", api_clients.client_edit, name="api-client"),
    path("<key:client_id>/secret/", api_clients.client_secret, name="api-client-secret"),
    path("<key:client_id>/disable/", api_clients.client_disable, name="api-client-disable"),
    path("<key:client_id>/enable/", api_clients.client_enable, name="api-client-enable"),
]

urlpatterns = [
    path("settings/api-clients/", include(_clients)),
    path("oauth/token/", oauth.token, name="oauth-token"),
    path("oauth/revoke/", oauth.revoke, name="oauth-revoke"),
    path("api/v1/", include(_v1)),
    re_path(r"^api/(?P<rest>.*)$", unknown_address, name="api-unknown"),
]
