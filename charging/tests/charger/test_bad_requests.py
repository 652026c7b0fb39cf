"""Garbage on N40: the right problem, never a 500, nothing debited."""

from __future__ import annotations

import json

import pytest

from charging.models import ChargingSession, LedgerEntry
from charging.nchf.app import BODY_LIMIT
from charging.tests.charger.conftest import CREATE, Network, Subscriber, asks, reports
from portal.tenancy.scope import tenant_scope
from tests import factories

VOICE = 100


@pytest.fixture(autouse=True)
def nothing_is_debited(network: Network, subscriber: Subscriber):
    with tenant_scope(subscriber.tenant):
        before = LedgerEntry.objects.count()
    yield
    with tenant_scope(subscriber.tenant):
        assert LedgerEntry.objects.count() == before


def assert_problem(answer, status: int, cause: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["cause"]) == (status, cause)
    assert problem["title"]
    assert problem["detail"]
    return problem


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"null", b'{"a":' * 5000 + b"1" + b"}" * 5000],
)
def test_a_body_that_is_no_json_object(network: Network, body: bytes) -> None:
    assert_problem(network.post_bytes(CREATE, body), 400, "INVALID_MSG_FORMAT")


@pytest.mark.parametrize(
    ("change", "cause", "pointer"),
    [
        ({"nfConsumerIdentification": {}}, "MANDATORY_IE_MISSING",
         "/nfConsumerIdentification/nodeFunctionality"),
        ({"invocationSequenceNumber": "one"}, "MANDATORY_IE_INCORRECT",
         "/invocationSequenceNumber"),
        ({"invocationSequenceNumber": -1}, "MANDATORY_IE_INCORRECT", "/invocationSequenceNumber"),
        ({"invocationTimeStamp": "yesterday"}, "MANDATORY_IE_INCORRECT", "/invocationTimeStamp"),
        ({"multipleUnitUsage": {"ratingGroup": 1}}, "OPTIONAL_IE_INCORRECT", "/multipleUnitUsage"),
        ({"multipleUnitUsage": [{"ratingGroup": 2**32}]}, "MANDATORY_IE_INCORRECT",
         "/multipleUnitUsage/0/ratingGroup"),
        ({"multipleUnitUsage": [asks(300, totalVolume=2**63)]}, "OPTIONAL_IE_INCORRECT",
         "/multipleUnitUsage/0/requestedUnit/totalVolume"),
        ({"multipleUnitUsage": [asks(300, totalVolume=-5)]}, "OPTIONAL_IE_INCORRECT",
         "/multipleUnitUsage/0/requestedUnit/totalVolume"),
    ],
)  # fmt: skip
def test_a_wrong_attribute_is_named(
    network: Network, change: dict, cause: str, pointer: str
) -> None:
    problem = assert_problem(network.post(CREATE, network.body() | change), 400, cause)
    assert [param["param"] for param in problem["invalidParams"]] == [pointer]


def test_a_create_without_subscriber(network: Network) -> None:
    body = network.body(asks(VOICE))
    del body["subscriberIdentifier"]
    problem = assert_problem(network.post(CREATE, body), 400, "MANDATORY_IE_MISSING")
    assert problem["invalidParams"][0]["param"] == "/subscriberIdentifier"


@pytest.mark.parametrize(
    "identifier", ["imsi-999990000000009", "msisdn-49", "nobody", "imsi-", "\u0661", "x" * 255]
)
def test_an_unknown_subscriber(network: Network, identifier: str) -> None:
    answer = network.create(asks(VOICE), subscriberIdentifier=identifier)
    assert_problem(answer, 404, "USER_UNKNOWN")


@pytest.mark.parametrize("ref", ["undefined", "x", "a" * 32, "A" * 32, "%20", "é"])
@pytest.mark.parametrize("operation", ["update", "release"])
def test_an_unknown_reference(network: Network, ref: str, operation: str) -> None:
    answer = network.post(f"{CREATE}/{ref}/{operation}", network.body(reports(VOICE, time=60)))
    assert_problem(answer, 404, "CONTEXT_NOT_FOUND")


def test_a_body_that_is_too_large(network: Network) -> None:
    body = json.dumps(network.body() | {"padding": "x" * BODY_LIMIT}).encode()
    assert_problem(network.post_bytes(CREATE, body), 413, "INCORRECT_LENGTH")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method(network: Network, method: str) -> None:
    answer = network.http.request(method, CREATE, headers=network.headers())
    assert_problem(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/", "/nchf-convergedcharging/v3/", f"{CREATE}/ref", f"{CREATE}/ref/destroy", "/x"]
)
def test_another_path(network: Network, path: str) -> None:
    answer = network.post(path, network.body())
    assert_problem(answer, 404, "RESOURCE_URI_STRUCTURE_NOT_FOUND")


def test_another_content_type(network: Network) -> None:
    answer = network.post_bytes(CREATE, b"{}", **{"content-type": "text/plain"})
    assert_problem(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nonsense", "Basic dTpw"])
def test_no_valid_token(network: Network, authorization: str) -> None:
    answer = network.http.post(
        CREATE, json=network.body(), headers={"authorization": authorization}
    )
    assert_problem(answer, 401, "UNAUTHORIZED")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_without_the_scope(network: Network, subscriber: Subscriber) -> None:
    network.token = factories.n40_token(subscriber.tenant, scopes=["plans.view"])
    assert_problem(network.create(asks(VOICE)), 403, "INSUFFICIENT_SCOPE")


def test_a_tenant_identifier_that_disagrees_with_the_token(network: Network) -> None:
    answer = network.create(asks(VOICE), tenantIdentifier="contoso")
    assert_problem(answer, 403, "END_USER_REQUEST_DENIED")


def test_another_operators_token_finds_neither_subscriber_nor_session(
    network: Network, subscriber: Subscriber
) -> None:
    session = network.open()
    stranger = factories.make_tenant("contoso")
    network.token = factories.n40_token(stranger)

    assert_problem(network.create(asks(VOICE)), 404, "USER_UNKNOWN")
    assert_problem(network.update(session, reports(VOICE, time=9)), 404, "CONTEXT_NOT_FOUND")
    assert_problem(network.release(session), 404, "CONTEXT_NOT_FOUND")


def test_an_update_that_names_another_subscriber(network: Network, subscriber: Subscriber) -> None:
    session = network.open()
    answer = network.update(session, reports(VOICE, time=9), subscriberIdentifier="imsi-00202")
    problem = assert_problem(answer, 400, "CHARGING_FAILED")
    assert problem["invalidParams"][0]["param"] == "/subscriberIdentifier"


def test_a_barred_device_is_denied(network: Network, subscriber: Subscriber) -> None:
    with tenant_scope(subscriber.tenant):
        subscriber.device.state = "barred"
        subscriber.device.save()
        assert ChargingSession.objects.count() == 0
    assert_problem(network.create(asks(VOICE)), 403, "END_USER_REQUEST_DENIED")


def test_an_update_after_the_release_finds_no_session(network: Network) -> None:
    session = network.open()
    assert network.release(session).status_code == 204
    assert_problem(network.update(session, reports(VOICE, time=9)), 404, "CONTEXT_NOT_FOUND")


def test_usage_beyond_what_can_be_booked(network: Network) -> None:
    session = network.open()
    huge = {"localSequenceNumber": 1, "totalVolume": 2**63 - 1}
    answer = network.update(session, {"ratingGroup": 300, "usedUnitContainer": [huge, huge]})
    assert_problem(answer, 400, "CHARGING_FAILED")


@pytest.mark.parametrize("text", ["\\ud800", "\\u0000", "\\udfff\\ud800"])
def test_text_that_no_database_stores(network: Network, text: str) -> None:
    body = json.dumps(network.body() | {"unknownToAll": "HERE"}).replace("HERE", text)
    answer = network.post_bytes(CREATE, body.encode())
    assert answer.status_code in (201, 400), answer.text
    body = json.dumps(network.body() | {"subscriberIdentifier": "HERE"}).replace("HERE", text)
    answer = network.post_bytes(CREATE, body.encode())
    assert answer.status_code in (400, 404), answer.text


def test_more_units_than_64_bits_in_one_request(network: Network) -> None:
    """Three entries of one rating group are one line: each fits, their sum does not."""
    asked = [asks(300, totalVolume=2**63 - 1)] * 3
    assert_problem(network.create(*asked), 400, "CHARGING_FAILED")

    container = {"localSequenceNumber": 1, "totalVolume": 2**63 - 1}
    event = {"ratingGroup": 300, "usedUnitContainer": [container] * 3}
    answer = network.create(event, oneTimeEvent=True, oneTimeEventType="IEC")
    assert_problem(answer, 400, "CHARGING_FAILED")

    unknown = [{**event, "ratingGroup": 9999, "uPFID": f"upf-{number}"} for number in range(2)]
    assert_problem(network.create(*unknown), 400, "CHARGING_FAILED")


def test_more_parts_than_any_network_sends(network: Network) -> None:
    entries = [{"ratingGroup": 300, "uPFID": str(number)} for number in range(1001)]
    for usages in (entries, [reports(VOICE) | {"usedUnitContainer": [{"time": 1}] * 1000}]):
        problem = assert_problem(network.create(*usages), 400, "OPTIONAL_IE_INCORRECT")
        assert problem["invalidParams"][0]["param"] == "/multipleUnitUsage"


@pytest.mark.parametrize("tail", ["%00", "%0A", "!", "="])
def test_a_reference_with_something_after_it(network: Network, tail: str) -> None:
    session = network.open()
    answer = network.post(f"{session}{tail}/update", network.body(reports(VOICE, time=9)))
    assert_problem(answer, 404, "CONTEXT_NOT_FOUND")
