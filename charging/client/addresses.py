"""Where an emulated phone may send its requests: a tenant must not reach into our own network.

Public addresses are free. Private ones belong to whoever runs the installation, who may open
networks of theirs (a laboratory's packet core) with CHARGER_NETWORKS. While developing, this
machine itself is open too.

What a person enters is checked at once, to tell them; each connection asks `resolve_open` again,
because a name may have got another address since, and a redirect leads anywhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

import httpx
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
    open_addresses(parts.hostname, port)


def open_addresses(host: str, port: int) -> list[str]:
    """What DNS says of a name, IPv4 first. Raises AddressRefused when any of it is closed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(f"The name {host} cannot be found.") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not _is_open(address):
            raise AddressRefused(
                f"{address} is a private address; the installation does not open its network."
            )
    return [str(address) for address in sorted(addresses, key=lambda address: address.version)]


async def resolve_open(host: str, port: int) -> str:
    """The address to connect to, for an HTTP client. Raises httpx.ConnectError."""
    try:
        return (await asyncio.to_thread(open_addresses, host, port))[0]
    except AddressRefused as error:
        raise httpx.ConnectError(str(error)) from error


def _is_open(address: Address) -> bool:
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback and not settings.IS_PRODUCTION:
        return True
    if any(address in network for network in settings.CHARGER_NETWORKS):
        return True
    return address.is_global and not address.is_multicast
