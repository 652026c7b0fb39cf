"""Prices by number and place, over real N40: what the network tells decides, and is remembered.

Voice: 0.10 a minute, to Spanish mobiles 0.20, abroad 0.50; SMS: 0.05, abroad 0.30; data: 0.01 an
MB, abroad 1.00. No allowances, so that money shows what was rated.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from charging.models import Bucket, ChargingSession
from charging.tests.charger.conftest import Network, Subscriber, asks, reports
from notifications.models import NotificationEvent
from plans.reference.importing import ImportMode, import_prefixes
from plans.reference.services import DestinationGroupSpec, save_destination_group
from plans.specs import RateSpec
from plans.terms import ConditionsSpec, DestinationsSpec
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from subscribers.models import Device
from tests import factories
from tests.factories import MEGABYTE, MINUTE, flex_spec

VOICE, SMS, DATA = 100, 200, 300
CENT = 10_000_000
ABROAD = ConditionsSpec(zones=("roaming",))
SPAIN = ConditionsSpec(destinations=DestinationsSpec(included=("es-mobile",)))
PRICES = flex_spec(
    allowances=(),
    rates=(
        RateSpec(service="voice", price=50 * CENT, per=MINUTE, conditions=ABROAD, weight=10),
        RateSpec(service="voice", price=20 * CENT, per=MINUTE, conditions=SPAIN),
        RateSpec(service="voice", price=10 * CENT, per=MINUTE),
        RateSpec(service="sms", price=30 * CENT, per=1, conditions=ABROAD, weight=10),
        RateSpec(service="sms", price=5 * CENT, per=1),
        RateSpec(service="data", price=100 * CENT, per=MEGABYTE, conditions=ABROAD, weight=10),
        RateSpec(service="data", price=1 * CENT, per=MEGABYTE),
    ),
)
HOME = {"mcc": "001", "mnc": "01"}
FOREIGN = {"mcc": "214", "mnc": "07"}


@pytest.fixture
def subscriber(committed_db: None) -> Subscriber:
    """With ten euros on the prices above."""
    now = datetime.now(UTC)
    tenant = factories.make_tenant()
    with tenant_scope(tenant):
        take(b"group,prefix\nes,34\nes-mobile,346\n", now)
        version = factories.make_published_plan(spec=PRICES, now=now)
        account = factories.make_account("acc-1", plan_code="flex-20", now=now)
        device = factories.make_device(account, public_id="dev-1", now=now)
        factories.top_up(account, "10.00", now=now)
    return Subscriber(tenant=tenant, version=version, account=account, device=device)


def take(text: bytes, now: datetime) -> None:
    import_prefixes(file=io.BytesIO(text), mode=ImportMode.REPLACE, actor=SYSTEM, now=now)


def money_left(subscriber: Subscriber) -> int:
    """Cents."""
    with tenant_scope(subscriber.tenant):
        bucket = Bucket.objects.get(account=subscriber.account, unit="NANO_MONEY")
    return bucket.available // CENT


def call(number: str, **more: Any) -> dict[str, Any]:
    return {"iMSChargingInformation": {"calledPartyAddress": number, **more}}


def location(plmn: dict[str, str]) -> dict[str, Any]:
    return {"nrLocation": {"tai": {"plmnId": plmn, "tac": "000001"}}}


@pytest.mark.parametrize(
    ("number", "cents"), [("tel:+34612345678", 20), ("0034 911 234 567", 10), ("tel:+44201", 10)]
)
def test_a_call_costs_what_its_longest_prefix_says(
    network: Network, subscriber: Subscriber, number: str, cents: int
) -> None:
    path = network.open(asks(VOICE, time=60), **call(number))
    network.release(path, reports(VOICE, time=60))

    assert money_left(subscriber) == 1000 - cents


def test_usage_without_a_price_is_told_with_what_a_price_would_have_to_cover(
    network: Network, subscriber: Subscriber
) -> None:
    """No rating group 999, wherever the user is and whomever the user calls."""
    path = network.open(asks(VOICE, time=60), **call("tel:+34612345678"))
    network.release(path, reports(999, time=45))

    with tenant_scope(subscriber.tenant):
        told = NotificationEvent.objects.get(type="usage.unrated").payload
    assert {key: told[key] for key in ("rating_group", "amount", "missing")} == {
        "rating_group": 999,
        "amount": 45,
        "missing": "unknown_rating_group",
    }
    assert (told["destination"], told["zones"]) == ("34612345678", ["home"])
    assert money_left(subscriber) == 1000


def test_later_requests_need_not_name_the_number_again(
    network: Network, subscriber: Subscriber
) -> None:
    """60 s and 120 s to a Spanish mobile at 0.20 are 0.60; only the create names it."""
    path = network.open(asks(VOICE, time=60), **call("tel:+34612345678"))
    network.update(path, reports(VOICE, time=60, wants={"time": 120}))
    network.release(path, reports(VOICE, time=120))

    assert money_left(subscriber) == 1000 - 60
    with tenant_scope(subscriber.tenant):
        assert ChargingSession.objects.get().destination == "34612345678"


def test_a_message_sent_abroad_costs_what_it_costs_there(
    network: Network, subscriber: Subscriber
) -> None:
    """The SMSF is at home; the access network says where the sender is: 0.30 and not 0.05."""
    message = {"recipientInfo": [{"recipientGPSI": "msisdn-49301234567"}]}
    network.create(
        asks(SMS, serviceSpecificUnits=1),
        oneTimeEvent=True,
        oneTimeEventType="IEC",
        nfConsumerIdentification={"nodeFunctionality": "SMSF", "nFPLMNID": HOME},
        sMSChargingInformation={**message, "userLocationinfo": location(FOREIGN)},
    )
    assert money_left(subscriber) == 970

    network.create(
        asks(SMS, serviceSpecificUnits=1),
        oneTimeEvent=True,
        oneTimeEventType="IEC",
        sMSChargingInformation={**message, "userLocationinfo": location(HOME)},
    )
    assert money_left(subscriber) == 965


def test_usage_costs_what_it_costs_where_it_was_used(
    network: Network, subscriber: Subscriber
) -> None:
    """2 MB at home and 1 MB abroad, told in one request from abroad: 0.02 and 1.00."""
    path = network.open(
        asks(DATA, totalVolume=MEGABYTE),
        pDUSessionChargingInformation={"userLocationinfo": location(HOME)},
    )
    used = [
        {
            "localSequenceNumber": 1,
            "totalVolume": 2 * MEGABYTE,
            "pDUContainerInformation": {"userLocationInformation": location(HOME)},
        },
        {
            "localSequenceNumber": 2,
            "totalVolume": MEGABYTE,
            "pDUContainerInformation": {"userLocationInformation": location(FOREIGN)},
        },
    ]
    network.release(
        path,
        {"ratingGroup": DATA, "usedUnitContainer": used},
        pDUSessionChargingInformation={"userLocationinfo": location(FOREIGN)},
    )

    assert money_left(subscriber) == 1000 - 2 - 100


def test_a_devices_own_home_network_is_no_roaming(network: Network, subscriber: Subscriber) -> None:
    with tenant_scope(subscriber.tenant):
        Device.objects.update(home_plmn="21407")

    path = network.open(
        asks(VOICE, time=60), **call("tel:+44201", userLocationInfo=location(FOREIGN))
    )
    network.release(path, reports(VOICE, time=60))

    assert money_left(subscriber) == 990


@pytest.mark.parametrize(
    "called",
    [
        call("tel:112"),
        call("tel:+34112", userLocationInfo=location(FOREIGN)),
        call("urn:service:sos"),
        call("tel:0900", imsEmergencyIndication=True),
    ],
)
def test_a_call_for_help_is_free_and_never_refused(
    network: Network, subscriber: Subscriber, called: dict[str, Any]
) -> None:
    with tenant_scope(subscriber.tenant):
        Tenant.objects.filter(pk=subscriber.tenant.pk).update(country_code="34")
        Bucket.objects.filter(unit="NANO_MONEY").update(granted=0, available=0)

    answer = network.create(asks(VOICE, time=60), **called)
    path = answer.headers["location"].removeprefix(str(network.http.base_url).rstrip("/"))
    (given,) = answer.json()["multipleUnitInformation"]
    more = network.update(path, reports(VOICE, time=60, wants={"time": 60}))
    network.release(path, reports(VOICE, time=600))

    assert given["resultCode"] == "SUCCESS"
    assert more.json()["multipleUnitInformation"][0]["resultCode"] == "SUCCESS"
    assert money_left(subscriber) == 0


def test_a_new_prefix_counts_from_the_next_request(
    network: Network, subscriber: Subscriber
) -> None:
    first = network.open(asks(VOICE, time=60), **call("tel:+34712345678"))
    network.release(first, reports(VOICE, time=60))
    assert money_left(subscriber) == 990

    with tenant_scope(subscriber.tenant):
        take(b"group,prefix\nes-mobile,346\nes-mobile,347\n", datetime.now(UTC))
    second = network.open(asks(VOICE, time=60), **call("tel:+34712345678"))
    network.release(second, reports(VOICE, time=60))

    assert money_left(subscriber) == 970


def test_an_import_that_is_not_done_yet_keeps_no_request_waiting(
    network: Network, subscriber: Subscriber
) -> None:
    """It holds the operator's row for seconds; charging goes on by what was there before."""
    with tenant_scope(subscriber.tenant), transaction.atomic():
        take(b"group,prefix\nes-mobile,3461\n", datetime.now(UTC))

        path = network.open(asks(VOICE, time=60), **call("tel:+34622222222"))
        released = network.release(path, reports(VOICE, time=60))

        assert released.status_code == 204
        assert money_left(subscriber) == 980


# ── each of the other things a price may depend on ───────────────────────────────────────────


def data_rate(cents: int, **conditions: Any) -> RateSpec:
    return RateSpec(
        service="data",
        price=cents * CENT,
        per=MEGABYTE,
        conditions=ConditionsSpec(**conditions),
        weight=cents,
    )


def voice_rate(cents: int, **conditions: Any) -> RateSpec:
    return RateSpec(
        service="voice",
        price=cents * CENT,
        per=MINUTE,
        conditions=ConditionsSpec(**conditions),
        weight=cents,
    )


BY_ANYTHING = flex_spec(
    allowances=(),
    rates=(
        data_rate(2, dnns=("Video",)),
        data_rate(3, slices=("2-00000A",)),
        data_rate(4, rats=("NBIOT",)),
        data_rate(5, characteristics_mask=0x0C00, characteristics_value=0x0800),
        data_rate(6, networks=("21407",)),
        data_rate(1),
        voice_rate(17, number_classes=("premium",)),
        voice_rate(13, on_net=True),
        voice_rate(16, categories=("video",)),
        voice_rate(11),
    ),
)


def pdu(**session: Any) -> dict[str, Any]:
    return {"pDUSessionChargingInformation": {"pduSessionInformation": session}}


@pytest.fixture
def anything(subscriber: Subscriber) -> Subscriber:
    """The same subscriber on prices for everything."""
    now = datetime.now(UTC)
    with tenant_scope(subscriber.tenant):
        take(b"group,prefix\nown,49151\npremium,49900\n", now)
        for code, fields in (
            ("own", {"is_own_network": True}),
            ("premium", {"number_class": "premium"}),
        ):
            spec = DestinationGroupSpec(code=code, name=code, **fields)  # type: ignore[arg-type]
            save_destination_group(spec=spec, actor=SYSTEM, now=now)
        factories.make_published_plan("anything", spec=BY_ANYTHING, now=now)
        subscriber.account = factories.make_account("acc-2", plan_code="anything", now=now)
        subscriber.device = factories.make_device(subscriber.account, public_id="dev-2", now=now)
        factories.top_up(subscriber.account, "10.00", now=now)
    return subscriber


@pytest.mark.parametrize(
    ("told", "cents"),
    [
        (pdu(dnnId="internet", ratType="NR"), 1),
        (pdu(dnnId="VIDEO.mnc001.mcc001.gprs"), 2),
        (pdu(networkSlicingInfo={"sNSSAI": {"sst": 2, "sd": "00000a"}}), 3),
        (pdu(networkSlicingInfo={"sNSSAI": {"sst": 2}}), 1),
        (pdu(ratType="NBIOT"), 4),
        (pdu(chargingCharacteristics="0800"), 5),
        (pdu(chargingCharacteristics="0c00"), 1),
        (pdu(servingCNPlmnId=FOREIGN), 6),
    ],
)
def test_data_costs_what_any_of_its_circumstances_says(
    network: Network, anything: Subscriber, told: dict[str, Any], cents: int
) -> None:
    """1 MB; the release repeats nothing of what the create told."""
    network.subscriber = anything.device.supi
    path = network.open(asks(DATA, totalVolume=MEGABYTE), **told)
    network.release(path, reports(DATA, totalVolume=MEGABYTE))

    assert money_left(anything) == 1000 - cents


@pytest.mark.parametrize(
    ("called", "cents"),
    [
        (call("tel:+493012345"), 11),
        (call("tel:+49151234567"), 13),
        (call("tel:+4990012345"), 17),
        (call("tel:+493012345", sdpMediaComponent=[{"sDPMediaName": "video 9 RTP/AVP 9"}]), 16),
    ],
)
def test_a_call_costs_what_its_number_and_kind_say(
    network: Network, anything: Subscriber, called: dict[str, Any], cents: int
) -> None:
    network.subscriber = anything.device.supi
    path = network.open(asks(VOICE, time=60), **called)
    network.release(path, reports(VOICE, time=60))

    assert money_left(anything) == 1000 - cents


def test_a_devices_characteristics_count_where_the_network_tells_none(
    network: Network, anything: Subscriber
) -> None:
    with tenant_scope(anything.tenant):
        Device.objects.filter(pk=anything.device.pk).update(charging_characteristics="800")
    network.subscriber = anything.device.supi

    path = network.open(asks(DATA, totalVolume=MEGABYTE), **pdu(dnnId="internet"))
    network.release(path, reports(DATA, totalVolume=MEGABYTE))

    assert money_left(anything) == 995
