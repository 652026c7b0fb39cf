"""From the engine's decisions to the body of an answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from charging.engine.tariff import Unit
from charging.engine.values import LineAnswer, Result
from charging.nchf.messages import (
    IMMEDIATE_REPORT,
    ChargingDataRequest,
    ChargingDataResponse,
    FinalUnitIndication,
    GrantedUnit,
    MultipleUnitInformation,
    RedirectServer,
    Trigger,
    TriggerType,
)
from charging.nchf.timestamps import format_timestamp

_encoder = msgspec.json.Encoder()
_TRIGGERS = {
    trigger: Trigger(trigger_type=trigger, trigger_category=IMMEDIATE_REPORT)
    for trigger in TriggerType
}
_BLOCKED = frozenset(
    {Result.QUOTA_LIMIT_REACHED, Result.END_USER_SERVICE_DENIED, Result.RATING_FAILED}
)
NO_FEATURES = "0"
"""SupportedFeatures (TS 29.571): none of the optional ones, whatever was offered."""


def encode_answer(
    request: ChargingDataRequest, answers: Iterable[LineAnswer], *, now: datetime
) -> bytes:
    """Body of a 201 or 200: one entry per rating group and UPF that asked for quota.

    The request's sequence number is echoed; `now` is the charging function's own time.
    """
    information = [_information(answer) for answer in answers]
    response = ChargingDataResponse(
        invocation_time_stamp=format_timestamp(now),
        invocation_sequence_number=request.invocation_sequence_number,
        supported_features=NO_FEATURES if request.supported_features else None,
        multiple_unit_information=information or None,
    )
    return _encoder.encode(response)


def _information(answer: LineAnswer) -> MultipleUnitInformation:
    if not answer.granted or answer.unit is None:
        return MultipleUnitInformation(
            rating_group=answer.rating_group,
            upf_id=answer.upf_id or None,
            result_code=answer.result,
            triggers=_triggers(answer),
            final_unit_indication=_final_unit(answer),
        )
    threshold = answer.threshold if 0 < answer.threshold < answer.granted else None
    return MultipleUnitInformation(
        rating_group=answer.rating_group,
        upf_id=answer.upf_id or None,
        result_code=answer.result,
        granted_unit=_granted_unit(answer.unit, answer.granted),
        triggers=_triggers(answer),
        validity_time=answer.validity_time or None,
        quota_holding_time=answer.holding_time or None,
        time_quota_threshold=threshold if answer.unit is Unit.SECONDS else None,
        volume_quota_threshold=threshold if answer.unit is Unit.OCTETS else None,
        unit_quota_threshold=threshold if answer.unit is Unit.EVENTS else None,
        final_unit_indication=_final_unit(answer),
    )


def _granted_unit(unit: Unit, amount: int) -> GrantedUnit:
    match unit:
        case Unit.OCTETS:
            return GrantedUnit(total_volume=amount)
        case Unit.SECONDS:
            return GrantedUnit(time=amount)
        case Unit.EVENTS:
            return GrantedUnit(service_specific_units=amount)
        case _:
            raise AssertionError(f"no rating group meters {unit}")


def _triggers(answer: LineAnswer) -> list[Trigger] | None:
    """The complete set to arm: free5GC applies a value only when its trigger is listed.

    A refused rating group gets QUOTA_EXHAUSTED without a grant, which is how free5GC is told to
    stop the traffic.
    """
    if not answer.granted:
        blocked = answer.result in _BLOCKED
        return [_TRIGGERS[TriggerType.QUOTA_EXHAUSTED]] if blocked else None
    armed = [
        (TriggerType.QUOTA_THRESHOLD, 0 < answer.threshold < answer.granted),
        (TriggerType.QUOTA_EXHAUSTED, True),
        (TriggerType.VALIDITY_TIME, answer.validity_time > 0),
        (TriggerType.QUOTA_HOLDING_TIME, answer.holding_time > 0),
    ]
    return [_TRIGGERS[trigger] for trigger, is_armed in armed if is_armed]


def _final_unit(answer: LineAnswer) -> FinalUnitIndication | None:
    """Never with an empty action; a redirection without a target ends the service instead."""
    if not answer.is_final:
        return None
    if answer.final_unit_action != "REDIRECT":
        return FinalUnitIndication(final_unit_action=answer.final_unit_action or "TERMINATE")
    if not answer.redirect_address:
        return FinalUnitIndication(final_unit_action="TERMINATE")
    return FinalUnitIndication(
        final_unit_action="REDIRECT",
        redirect_server=RedirectServer(
            redirect_address_type="URL", redirect_server_address=answer.redirect_address
        ),
    )
