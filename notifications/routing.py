"""Addresses of this app's websockets."""

from django.urls import path

from notifications.consumers import EventStreamConsumer, OverviewConsumer

websocket_urlpatterns = [
    path("ws/v1/events/", EventStreamConsumer.as_asgi()),
    path("ws/v1/pages/overview/", OverviewConsumer.as_asgi()),
]
