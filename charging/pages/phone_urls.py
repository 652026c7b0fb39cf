"""Addresses below /charging/phone/."""

from django.urls import path

from charging.pages import phone

urlpatterns = [
    path("", phone.phone_list, name="phone-list"),
    path("<device_id>/", phone.phone, name="phone"),
    path("<device_id>/use/", phone.phone_use, name="phone-use"),
    path("<device_id>/amount/", phone.phone_amount, name="phone-amount"),
    path("<device_id>/burst/", phone.phone_start_burst, name="phone-burst"),
    path(
        "<device_id>/sessions/<uuid:session_id>/hang-up/",
        phone.phone_hang_up,
        name="phone-hang-up",
    ),
    path("<device_id>/messages/<int:key>/", phone.phone_exchange, name="phone-exchange"),
]
