"""The composition root: settings, URLs, pages that mix apps, tenancy."""

from portal.celery import app as celery

__all__ = ["celery"]
