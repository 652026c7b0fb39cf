"""Where a webhook may go: a tenant must not make this server call into its own network."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from portal.tenancy.models import Tenant

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TargetRefused(Exception):
    """The address may not be called; the text says why in a sentence for the person who set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A checked address: the connection goes to `address`, so that DNS cannot change its mind."""

    url: str
    host: str
    authority: str
    """Host and port as the Host header has them, in ASCII."""
    address: str

    @property
    def pinned_url(self) -> str:
        """The URL with the checked address in the host's place."""
        parts = urlsplit(self.url)
        literal = f"[{self.address}]" if ":" in self.address else self.address
        port = f":{parts.port}" if parts.port else ""
        return parts._replace(netloc=f"{literal}{port}", fragment="").geturl()


def check_url(url: str, *, tenant: Tenant) -> None:
    """What can be said without asking DNS. Raises TargetRefused."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise TargetRefused("This is no web address.") from error
    if parts.scheme not in ("http", "https") or not host:
        raise TargetRefused("Enter an address that begins with https://.")
    if parts.scheme == "http" and not _may_be_plain(tenant):
        raise TargetRefused("Use https: events of a live operator are not sent unencrypted.")
    if parts.username or parts.password:
        raise TargetRefused("Leave user name and password out: each delivery is signed.")
    if port == 0:
        raise TargetRefused("Port 0 cannot be called.")
    if (literal := _as_address(host)) is not None:
        _check_address(literal)


def resolve(url: str, *, tenant: Tenant) -> Target:
    """Ask DNS and check every address it gives. Raises TargetRefused; takes as long as DNS."""
    check_url(url, tenant=tenant)
    parts = urlsplit(url)
    assert parts.hostname is not None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        host = parts.hostname.encode("idna").decode()
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TargetRefused(f"The name {parts.hostname} cannot be found.") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        _check_address(ipaddress.ip_address(address))
    return Target(
        url=url,
        host=host,
        authority=_authority(host, parts.port),
        address=addresses[0],
    )


def _authority(host: str, port: int | None) -> str:
    literal = f"[{host}]" if ":" in host else host
    return f"{literal}:{port}" if port else literal


def _may_be_plain(tenant: Tenant) -> bool:
    return tenant.is_sandbox or not settings.IS_PRODUCTION


def _as_address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _check_address(address: Address) -> None:
    """Public addresses; while developing also this machine itself."""
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if address.is_loopback and not settings.IS_PRODUCTION:
        return
    if not address.is_global or address.is_multicast:
        raise TargetRefused(f"{address} is not a public address.")
