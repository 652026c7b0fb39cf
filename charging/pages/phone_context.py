"""What the live parts of the phone page show: for the page itself and for its websocket."""

from __future__ import annotations

from typing import Any

from charging.selectors import phone
from subscribers.models import Device


def phone_screen(device: Device) -> dict[str, Any]:
    """What the phone's screen says about what runs."""
    return {
        "device": device,
        "call": phone.running_call(device),
        "downloads": phone.running_downloads(device),
    }


def phone_burst(device: Device) -> dict[str, Any]:
    """How far the newest burst is."""
    return {"device": device, "burst": phone.newest_burst(device)}
