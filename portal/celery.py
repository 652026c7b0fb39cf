"""Celery's application: workers and beat load their tasks from every installed app."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def end_unsafe_process(**_: Any) -> None:
    """A worker or beat of an unsafe production ends while it starts."""
    from portal import checks

    try:
        checks.refuse_unsafe_production()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error
