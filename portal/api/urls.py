"""Addresses of the REST API, its documentation and the token endpoint."""

from django.urls import include, path, re_path

from charging.api import accounts, emulation, sessions
from notifications import api as notifications
from plans import api as plans
from portal.api.views import SchemaView, unknown_address
from portal.tenancy.oauth import views as oauth
from portal.tenancy.permissions import public
from subscribers import api as subscribers

_plans = [
    path("", plans.PlanListView.as_view(), name="api-plans"),
    path("<str:code>/", plans.PlanDetailView.as_view(), name="api-plan"),
    path("<str:code>/versions/", plans.VersionListView.as_view(), name="api-versions"),
    path(
        "<str:code>/versions/<int:number>/",
        plans.VersionDetailView.as_view(),
        name="api-version",
    ),
    path(
        "<str:code>/versions/<int:number>/publish/",
        plans.PublishView.as_view(),
        name="api-publish",
    ),
]

_accounts = [
    path("", accounts.AccountListView.as_view(), name="api-accounts"),
    path("<str:id>/", accounts.AccountDetailView.as_view(), name="api-account"),
    path("<str:id>/balances/", accounts.BalanceListView.as_view(), name="api-balances"),
    path("<str:id>/topups/", accounts.TopUpView.as_view(), name="api-topups"),
]

_devices = [
    path("", subscribers.DeviceListView.as_view(), name="api-devices"),
    path("<str:id>/", subscribers.DeviceDetailView.as_view(), name="api-device"),
    path("<str:id>/usage/", emulation.UsageView.as_view(), name="api-usage"),
]

_v1 = [
    path("schema/", public(SchemaView.as_view()), name="api-schema"),
    path("plans/", include(_plans)),
    path("rating-groups/", plans.RatingGroupListView.as_view(), name="api-rating-groups"),
    path(
        "rating-groups/<int:number>/",
        plans.RatingGroupDetailView.as_view(),
        name="api-rating-group",
    ),
    path("accounts/", include(_accounts)),
    path("devices/", include(_devices)),
    path(
        "emulated-sessions/<uuid:id>/",
        emulation.EmulatedSessionDetailView.as_view(),
        name="api-emulated-session",
    ),
    path("charging-sessions/", sessions.SessionListView.as_view(), name="api-sessions"),
    path("charging-sessions/<str:ref>/", sessions.SessionDetailView.as_view(), name="api-session"),
    path("notifications/", notifications.NotificationListView.as_view(), name="api-notifications"),
]

urlpatterns = [
    path("oauth/token/", oauth.token, name="oauth-token"),
    path("oauth/revoke/", oauth.revoke, name="oauth-revoke"),
    path("api/v1/", include(_v1)),
    re_path(r"^api/(?P<rest>.*)$", unknown_address, name="api-unknown"),
]
