"""Addresses below /charging/."""

from django.urls import include, path

urlpatterns = [
    path("phone/", include("charging.pages.phone_urls")),
    path("sessions/", include("charging.pages.session_urls")),
]
