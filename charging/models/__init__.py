"""The tables of charging, by subject."""

from charging.models.balances import Bucket, LedgerEntry
from charging.models.emulation import Burst, ChargerEndpoint, EmulatedExchange, EmulatedSession
from charging.models.sessions import ChargingSession, CreateKey, RequestLogEntry

__all__ = [
    "Bucket",
    "Burst",
    "ChargerEndpoint",
    "ChargingSession",
    "CreateKey",
    "EmulatedExchange",
    "EmulatedSession",
    "LedgerEntry",
    "RequestLogEntry",
]
