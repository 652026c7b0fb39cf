"""What waits in the charger's queue, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from charging.nchf.messages import ChargingDataRequest, Operation
from charging.nchf.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A subscriberIdentifier taken apart: which column of the device it must match."""

    column: IdentityColumn
    value: str


class IdentityColumn(StrEnum):
    IMSI = "imsi"
    MSISDN = "msisdn"
    PUBLIC_ID = "public_id"


@dataclass(slots=True, kw_only=True)
class Job:
    """One valid request on its way into a batch."""

    tenant_id: int
    operation: Operation
    request: ChargingDataRequest | None
    """None: the sweep closes a session that fell silent."""
    body: bytes
    fingerprint: bytes
    received_at: datetime
    ref: str = ""
    account_key: int | None = None
    """Read from the reference; a create finds its account by `identity`."""
    identity: Identity | None = None
    create_key: bytes = b""

    @property
    def is_retransmission(self) -> bool:
        """The sender says that it sends this again."""
        return self.request is not None and bool(self.request.retransmission_indicator)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the transport sends once the batch is committed."""

    status: int
    body: bytes = b""
    ref: str = ""
    """Of a created session, for Location."""
    bare_location: bool = False


Result = Reply | Problem


def identity_of(subscriber_identifier: str) -> Identity:
    """`imsi-…` and `msisdn-…` by their digits, anything else as the device's own id."""
    for prefix, column in (("imsi-", IdentityColumn.IMSI), ("msisdn-", IdentityColumn.MSISDN)):
        if subscriber_identifier.startswith(prefix):
            return Identity(column=column, value=subscriber_identifier[len(prefix) :])
    return Identity(column=IdentityColumn.PUBLIC_ID, value=subscriber_identifier)
