from __future__ import annotations

import asyncio
from typing import Any

import pytest

from charging.client.addresses import resolve_open
from charging.client.exchange import Exchange
from charging.client.http import HttpxTransport
from charging.client.tokens import ClientCredentials, StaticToken
from charging.client.transport import (
    ChargingConnection,
    InvalidBaseUrl,
    api_root,
    reference_in,
)
from charging.nchf.messages import Operation
from charging.tests.client.answers import RELEASED, created, octets, problem, updated

BODY = {"invocationSequenceNumber": 3, "multipleUnitUsage": [{"ratingGroup": 1}]}


async def create(connection: ChargingConnection, body: dict[str, Any] = BODY) -> Exchange:
    return await connection.send(Operation.CREATE, body)


def indicators(chf) -> list[bool | None]:
    return [body.get("retransmissionIndicator") for body in chf.bodies]


async def test_the_three_operations_are_posts_over_http2(chf, connection):
    chf.script(create=[created()], update=[updated()], release=[RELEASED])

    await connection.send(Operation.CREATE, BODY)
    await connection.send(Operation.UPDATE, BODY, reference="ref-1")
    released = await connection.send(Operation.RELEASE, BODY, reference="ref-1")

    root = "/nchf-convergedcharging/v3/chargingdata"
    assert [request["path"] for request in chf.received] == [
        root,
        f"{root}/ref-1/update",
        f"{root}/ref-1/release",
    ]
    assert {request["http_version"] for request in chf.received} == {"2"}
    assert chf.received[0]["headers"]["content-type"] == "application/json"
    assert (released.status, released.answer, released.is_success) == (204, None, True)


async def test_totogis_spelling_of_the_resource_can_be_chosen(chf):
    chf.script(create=[created()], update=[updated()])

    async with ChargingConnection(f"{chf.url}/", capital_data=True) as connection:
        await create(connection)
        await connection.send(Operation.UPDATE, BODY, reference="bare")

    assert [request["path"] for request in chf.received] == [
        "/nchf-convergedcharging/v3/chargingData",
        "/nchf-convergedcharging/v3/chargingData/bare/update",
    ]


async def test_an_exchange_shows_request_and_answer(chf, connection):
    chf.script(create=[created(octets(1, 100))])

    exchange = await create(connection)

    assert (exchange.operation, exchange.sequence_number, exchange.status) == ("create", 3, 201)
    assert exchange.request == BODY
    assert exchange.answer is not None
    assert exchange.answer["multipleUnitInformation"][0]["grantedUnit"] == {"totalVolume": 100}
    assert exchange.duration_seconds > 0
    assert exchange.transmissions == 1


async def test_a_timeout_is_answered_by_one_resend_with_the_indicator(chf):
    chf.script(create=[{**created(), "delay": 0.6}, created()])

    async with ChargingConnection(
        chf.url, timeout_seconds=0.3, resend_delay_seconds=0
    ) as connection:
        exchange = await create(connection)

    assert exchange.status == 201
    assert exchange.transmissions == 2
    assert indicators(chf) == [None, True]
    first, second = chf.bodies
    assert {**first, "retransmissionIndicator": True} == second


async def test_after_two_timeouts_the_outcome_is_unknown(chf):
    chf.script(create=[{**created(), "delay": 0.5}])

    async with ChargingConnection(
        chf.url, timeout_seconds=0.2, resend_delay_seconds=0
    ) as connection:
        exchange = await create(connection)

    assert exchange.status is None
    assert exchange.is_unresolved
    assert exchange.detail == "no answer within 0.2 s"
    assert len(chf.received) == 2


async def test_one_slow_answer_does_not_disturb_the_other_streams(chf):
    chf.script(create=[{**created(), "delay": 1.0}], update=[{**updated(), "delay": 0.3}])

    async with ChargingConnection(
        chf.url, timeout_seconds=0.5, resend_delay_seconds=0
    ) as connection:
        slow = asyncio.create_task(create(connection))
        await asyncio.sleep(0.4)
        update = await connection.send(Operation.UPDATE, BODY, reference="ref-1")
        await slow

    assert (update.status, update.transmissions) == (200, 1)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_server_error_is_answered_by_one_resend(chf, connection, status: int):
    chf.script(update=[problem(status, "NF_CONGESTION"), updated()])

    exchange = await connection.send(Operation.UPDATE, BODY, reference="ref-1")

    assert (exchange.status, exchange.transmissions) == (200, 2)
    assert indicators(chf) == [None, True]


async def test_a_second_server_error_is_the_outcome(chf, connection):
    chf.script(update=[problem(503, "NF_CONGESTION")])

    exchange = await connection.send(Operation.UPDATE, BODY, reference="ref-1")

    assert (exchange.status, exchange.cause, exchange.is_unresolved) == (503, "NF_CONGESTION", True)
    assert len(chf.received) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415, 429])
async def test_a_client_error_is_never_sent_again(chf, connection, status: int):
    chf.script(create=[problem(status, "CHARGING_FAILED")])

    exchange = await create(connection)

    assert (exchange.status, exchange.cause) == (status, "CHARGING_FAILED")
    assert exchange.detail == "no: CHARGING_FAILED"
    assert not exchange.is_unresolved
    assert len(chf.received) == 1


async def test_a_lost_connection_is_answered_by_one_resend_over_a_new_one(chf, cable):
    chf.script(create=[{**created(), "delay": 0.5}, created()])

    async with ChargingConnection(cable.url, resend_delay_seconds=0) as connection:
        sending = asyncio.create_task(create(connection))
        while not chf.received:  # noqa: ASYNC110  another process receives
            await asyncio.sleep(0.02)
        cable.cut()
        exchange = await sending

    assert (exchange.status, exchange.transmissions) == (201, 2)
    assert indicators(chf) == [None, True]
    assert cable.connections == 2


async def test_nobody_listening_is_no_answer():
    async with ChargingConnection("http://127.0.0.1:1", resend_delay_seconds=0) as connection:
        exchange = await create(connection)

    assert exchange.status is None
    assert exchange.transmissions == 2
    assert exchange.error


async def test_a_request_that_an_earlier_process_sent_is_marked_at_once(chf, connection):
    chf.script(update=[updated()])

    await connection.send(Operation.UPDATE, BODY, reference="ref-1", is_repeat=True)

    assert indicators(chf) == [True]


@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_is_followed_with_the_same_body(chf, connection, status: int):
    moved = {"status": status, "headers": {"location": "/elsewhere/nchf-convergedcharging/v3/x"}}
    chf.script(create=[moved, created()])

    exchange = await create(connection)

    assert exchange.status == 201
    assert exchange.url == f"{chf.url}/elsewhere/nchf-convergedcharging/v3/x"
    assert chf.bodies == [BODY, BODY]


async def test_a_redirect_into_a_private_network_is_not_followed(chf):
    chf.script(create=[{"status": 307, "headers": {"location": "http://10.0.0.1/nchf"}}])
    http = HttpxTransport(timeout_seconds=2.0, resolve=resolve_open)

    async with ChargingConnection(chf.url, http=http, resend_delay_seconds=0.01) as connection:
        exchange = await create(connection)

    assert exchange.status is None
    assert "10.0.0.1 is a private address" in exchange.error


async def test_a_checked_name_is_called_at_its_address_under_its_name(chf):
    chf.script(create=[created()])
    http = HttpxTransport(timeout_seconds=2.0, resolve=resolve_open)
    url = f"http://localhost:{chf.port}"

    async with ChargingConnection(url, http=http) as connection:
        exchange = await create(connection)

    assert exchange.status == 201
    headers = chf.received[0]["headers"]
    assert (headers.get("host") or headers[":authority"]) == f"localhost:{chf.port}"


async def test_a_redirect_in_a_circle_ends(chf, connection):
    chf.script(create=[{"status": 307, "headers": {"location": "/again"}}])

    exchange = await create(connection)

    assert exchange.status is None
    assert "redirected more than" in exchange.error


@pytest.mark.parametrize("text", ["", "no json", "[1]", "\x00"])
async def test_an_answer_that_is_no_object_is_kept_as_text(chf, connection, text: str):
    chf.script(create=[{"status": 400, "text": text}])

    exchange = await create(connection)

    assert (exchange.status, exchange.answer, exchange.answer_text) == (400, None, text)
    assert exchange.results[0].granted is None


async def test_an_answer_without_end_is_not_read_to_its_end(chf):
    chf.script(create=[{"status": 201, "text": "x" * (2**20 + 1)}])

    async with ChargingConnection(chf.url, resend_delay_seconds=0) as connection:
        exchange = await create(connection)

    assert exchange.status is None
    assert "longer than" in exchange.error


async def test_a_static_token_is_sent(chf):
    chf.script(create=[created()], token=["secret"])

    async with ChargingConnection(chf.url, StaticToken("secret")) as connection:
        assert (await create(connection)).status == 201


async def test_a_rejected_token_is_replaced_once(chf):
    chf.script(create=[created()], token=["token-2"])
    tokens = ClientCredentials(f"{chf.url}/token", "id", "secret")

    async with ChargingConnection(chf.url, tokens) as connection:
        exchange = await create(connection)

    assert (exchange.status, exchange.transmissions) == (201, 2)
    sent = [request["headers"]["authorization"] for request in chf.received]
    assert sent == ["Bearer token-1", "Bearer token-2"]
    assert indicators(chf) == [None, None]


async def test_a_token_that_stays_rejected_is_reported(chf):
    chf.script(create=[created()], token=["another"])
    tokens = ClientCredentials(f"{chf.url}/token", "id", "secret")

    async with ChargingConnection(chf.url, tokens) as connection:
        exchange = await create(connection)

    assert (exchange.status, exchange.cause) == (401, "UNAUTHORIZED")
    assert len(chf.received) == 2


async def test_without_a_token_nothing_is_sent(chf):
    refused = {"status": 401, "json": {"error": "invalid_client"}}
    chf.script(create=[created()], token_answers=[refused])
    tokens = ClientCredentials(f"{chf.url}/token", "id", "wrong")

    async with ChargingConnection(chf.url, tokens, resend_delay_seconds=0) as connection:
        exchange = await create(connection)

    assert exchange.status is None
    assert exchange.error == "the token endpoint answered 401 invalid_client"
    assert chf.received == []


async def test_many_requests_share_one_connection(chf, cable):
    chf.script(create=[{**created(), "delay": 0.2}])

    async with ChargingConnection(cable.url) as connection:
        exchanges = await asyncio.gather(*(create(connection) for _ in range(150)))

    assert {exchange.status for exchange in exchanges} == {201}
    assert {exchange.transmissions for exchange in exchanges} == {1}
    assert cable.connections == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://chf.example/prefix/nchf-convergedcharging/v3/chargingdata/abc",
        "/nchf-convergedcharging/v3/chargingdata/abc",
        "/nchf-convergedcharging/v3/chargingdata/abc/",
        "abc",
        " abc ",
    ],
)
def test_the_reference_is_the_last_segment_of_a_location(location: str):
    assert reference_in(location) == "abc"


@pytest.mark.parametrize("location", ["", "/", "http://chf.example"])
def test_a_location_may_name_nothing(location: str):
    assert reference_in(location) == ""


@pytest.mark.parametrize(
    ("typed", "root"),
    [
        ("http://chf.example:7777", "http://chf.example:7777"),
        ("http://chf.example:7777/", "http://chf.example:7777"),
        (" https://chf.example/prefix ", "https://chf.example/prefix"),
        ("https://chf.example/nchf-convergedcharging/v3/", "https://chf.example"),
    ],
)
def test_an_address_may_be_typed_with_or_without_the_path(typed: str, root: str):
    assert api_root(typed) == root


@pytest.mark.parametrize("typed", ["", "chf.example", "ftp://chf.example", "http://"])
def test_an_address_that_is_none_is_refused(typed: str):
    with pytest.raises(InvalidBaseUrl):
        api_root(typed)
