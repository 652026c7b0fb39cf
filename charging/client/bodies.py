"""The bodies of the client's requests (ChargingDataRequest, TS 32.291 §6.1.6.2.1.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from charging.client.state import PendingRequest, QuotaLine, SessionState
from charging.client.usage import Scenario, blocks_at
from charging.engine.tariff import Unit
from charging.nchf.messages import (
    IMMEDIATE_REPORT,
    OFFLINE_CHARGING,
    ONLINE_CHARGING,
    Operation,
    TriggerType,
)
from charging.nchf.timestamps import format_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a request says about one line."""

    line: QuotaLine
    asks: bool = False
    trigger: TriggerType | None = None
    """Set: a container with the usage so far, closed by this."""
    used: int = 0


def build_request(
    state: SessionState, operation: Operation, entries: list[Entry], *, now: datetime
) -> PendingRequest:
    """The next request of a session; numbers it and remembers what it reports and asks."""
    plan = state.plan
    started_at = state.started_at or now
    body: dict[str, Any] = {
        "subscriberIdentifier": plan.subscriber_identifier,
        "nfConsumerIdentification": {
            "nodeFunctionality": plan.node_functionality,
            "nFName": plan.nf_name,
        },
        "invocationTimeStamp": format_timestamp(now),
        "invocationSequenceNumber": state.next_sequence_number,
        "serviceSpecificationInfo": plan.service_specification,
    }
    if plan.tenant_identifier:
        body["tenantIdentifier"] = plan.tenant_identifier
    if operation is Operation.CREATE:
        body |= _opening(plan.scenario, plan.notify_uri)
    if usages := [_usage(state, entry, now) for entry in entries]:
        body["multipleUnitUsage"] = usages
    if triggers := _distinct_triggers(entries):
        body["triggers"] = triggers
    stopped_at = now if operation is Operation.RELEASE else None
    body |= blocks_at(plan, started_at=started_at, stopped_at=stopped_at)
    state.next_sequence_number += 1
    return PendingRequest(
        operation=operation,
        body=body,
        in_flight=[_entry_of(line, entries).used for line in state.lines],
        asked=[_entry_of(line, entries).asks for line in state.lines],
    )


def _opening(scenario: Scenario, notify_uri: str) -> dict[str, Any]:
    match scenario:
        case Scenario.IMMEDIATE_EVENT:
            return {"oneTimeEvent": True, "oneTimeEventType": "IEC"}
        case Scenario.POST_EVENT:
            return {"oneTimeEvent": True, "oneTimeEventType": "PEC"}
        case Scenario.SESSION:
            return {"notifyUri": notify_uri} if notify_uri else {}


def _entry_of(line: QuotaLine, entries: Iterable[Entry]) -> Entry:
    return next((entry for entry in entries if entry.line is line), Entry(line=line))


def _usage(state: SessionState, entry: Entry, now: datetime) -> dict[str, Any]:
    line = entry.line
    usage: dict[str, Any] = {"ratingGroup": line.use.rating_group}
    if line.use.upf_id:
        usage["uPFID"] = line.use.upf_id
    if entry.asks:
        usage["requestedUnit"] = _requested(line)
    if entry.trigger is not None:
        usage["usedUnitContainer"] = [_container(state, entry, entry.trigger, now)]
    return usage


def _requested(line: QuotaLine) -> dict[str, int]:
    """The next slice, or what is left to use; `{}` leaves the amount to the charging function."""
    bounds = [bound for bound in (line.use.slice, line.remaining) if bound is not None]
    if line.use.slice is None or not bounds:
        return {}
    return _amount(line.use.unit, min(bounds))


def _container(
    state: SessionState, entry: Entry, trigger: TriggerType, now: datetime
) -> dict[str, Any]:
    number = state.next_container_number
    state.next_container_number += 1
    is_online = not entry.line.is_unmetered
    container: dict[str, Any] = {
        "localSequenceNumber": number,
        "quotaManagementIndicator": ONLINE_CHARGING if is_online else OFFLINE_CHARGING,
        "triggers": [_trigger(trigger)],
        "triggerTimestamp": format_timestamp(now),
    }
    return container | _amount(entry.line.use.unit, entry.used) | _directions(entry)


def _directions(entry: Entry) -> dict[str, int]:
    """Traffic is mostly downlink; the total remains the sum of both."""
    if entry.line.use.unit is not Unit.OCTETS:
        return {}
    uplink = entry.used // 10
    return {"uplinkVolume": uplink, "downlinkVolume": entry.used - uplink}


def _amount(unit: Unit, amount: int) -> dict[str, int]:
    match unit:
        case Unit.OCTETS:
            return {"totalVolume": amount}
        case Unit.SECONDS:
            return {"time": amount}
        case Unit.EVENTS:
            return {"serviceSpecificUnits": amount}
        case _:
            raise AssertionError(f"no network meters {unit}")


def _trigger(trigger: TriggerType) -> dict[str, str]:
    return {"triggerType": trigger.value, "triggerCategory": IMMEDIATE_REPORT}


def _distinct_triggers(entries: Iterable[Entry]) -> list[dict[str, str]]:
    found = dict.fromkeys(entry.trigger for entry in entries if entry.trigger is not None)
    return [_trigger(trigger) for trigger in found]
