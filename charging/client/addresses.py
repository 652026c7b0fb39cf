"""Where an emulated phone may send its requests: a tenant must not reach into our own network.

Public addresses are free. Private ones belong to whoever runs the installation, who may open
networks of theirs (a laboratory's packet core) with CHARGER_NETWORKS. While developing, this
machine itself is open too.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings

from charging.client.transport import InvalidBaseUrl, api_root

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(Exception):
    """The address may not be called; the text says why, for the person who entered it."""


def check_address(url: str) -> None:
    """Ask DNS where the URL leads and check every address. Raises AddressRefused; blocks."""
    try:
        api_root(url)
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except (InvalidBaseUrl, ValueError) as error:
        raise AddressRefused("Enter an address that begins with http:// or https://.") from error
    if parts.username or parts.password:
        raise AddressRefused("Leave user name and password out of the address.")
    assert parts.hostname is not None
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(f"The name {parts.hostname} cannot be found.") from error
    for entry in found:
        address = ipaddress.ip_address(str(entry[4][0]).partition("%")[0])
        if not _is_open(address):
            raise AddressRefused(
                f"{address} is a private address; the installation does not open its network."
            )


def _is_open(address: Address) -> bool:
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback and not settings.IS_PRODUCTION:
        return True
    if any(address in network for network in settings.CHARGER_NETWORKS):
        return True
    return address.is_global and not address.is_multicast
