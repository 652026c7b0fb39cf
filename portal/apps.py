from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The composition root: pages that mix apps, health, live push, commands."""

    name = "portal"

    def ready(self) -> None:
        from portal import checks  # noqa: F401  registers the system checks
