"""Entry point for Granian: `charging.nchf.asgi:application`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("DATABASE_ROLE", "charger")
django.setup()

from charging.nchf.server import Server  # noqa: E402  needs the settings

application = Server()
