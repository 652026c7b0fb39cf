"""Addresses of this app's websockets."""

from django.urls import path

from charging.consumers import AccountConsumer, PhoneConsumer

websocket_urlpatterns = [
    path("ws/v1/pages/account/<str:account_id>/", AccountConsumer.as_asgi()),
    path("ws/v1/pages/phone/<str:device_id>/", PhoneConsumer.as_asgi()),
]
