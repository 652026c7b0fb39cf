"""Addresses below /charging/."""

from django.urls import include, path

urlpatterns = [
    path("sessions/", include("charging.pages.session_urls")),
]
