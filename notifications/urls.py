"""Addresses below /notifications/."""

from django.urls import path

from notifications import views, webhook_views

urlpatterns = [
    path("", views.notification_list, name="notification-list"),
    path("<int:position>/", views.notification_detail, name="notification"),
    path("webhooks/", webhook_views.webhook_list, name="webhook-list"),
    path("webhooks/new/", webhook_views.webhook_new, name="webhook-new"),
    path("webhooks/<uuid:endpoint_id>/", webhook_views.webhook, name="webhook"),
    path("webhooks/<uuid:endpoint_id>/edit/", webhook_views.webhook_edit, name="webhook-edit"),
    path(
        "webhooks/<uuid:endpoint_id>/secret/", webhook_views.webhook_secret, name="webhook-secret"
    ),
    path("webhooks/<uuid:endpoint_id>/test/", webhook_views.webhook_test, name="webhook-test"),
    path(
        "webhooks/<uuid:endpoint_id>/remove/", webhook_views.webhook_remove, name="webhook-remove"
    ),
    path(
        "webhooks/<uuid:endpoint_id>/deliveries/<int:position>/resend/",
        webhook_views.webhook_resend,
        name="webhook-resend",
    ),
]
