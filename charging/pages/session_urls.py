"""Addresses below /charging/sessions/."""

from django.urls import path

from charging.pages import sessions

urlpatterns = [
    path("", sessions.session_list, name="session-list"),
    path("<ref>/", sessions.session, name="session"),
    path("<ref>/explain/", sessions.session_explain, name="session-explain"),
]
