"""Addresses of the pages that belong to no single app."""

from django.urls import include, path

from portal.pages import health, joining, overview, search, sign_in, style_guide, welcome

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("search/", search.search, name="search"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("switch-tenant/", sign_in.switch_tenant, name="switch-tenant"),
    path("password/", sign_in.change_password, name="password-change"),
    path("welcome/<str:key>/<str:token>/", welcome.welcome, name="welcome"),
    path("join/<str:token>/", joining.join_operator, name="join"),
    path("settings/", include("portal.pages.settings.urls")),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("ui/", style_guide.style_guide, name="style-guide"),
    path("ui/dialog/", style_guide.sample_dialog, name="style-guide-dialog"),
]
