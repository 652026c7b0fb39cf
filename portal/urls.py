"""All addresses of the portal."""

from django.urls import include, path

urlpatterns = [
    path("", include("portal.pages.urls")),
    path("plans/", include("plans.urls")),
    path("accounts/", include("charging.pages.account_urls")),
    path("charging/", include("charging.urls")),
    path("notifications/", include("notifications.urls")),
    path("", include("portal.api.urls")),
]

handler500 = "portal.api.handlers.server_error"
