from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import (
    DataObject,
    binary,
    booleans,
    data,
    dictionaries,
    floats,
    integers,
    lists,
    none,
    recursive,
    sampled_from,
    text,
)

from charging.nchf.decoding import NESTING_LIMIT, decode_request, fingerprint
from charging.nchf.problems import BadRequest
from charging.tests.nchf.bodies import (
    encoded,
    free5gc_create,
    free5gc_update,
    smallest,
    totogi_create,
    with_usage,
)


def refusal(body: bytes) -> BadRequest:
    with pytest.raises(BadRequest) as raised:
        decode_request(body)
    assert raised.value.status == 400
    return raised.value


def refusal_or_none(body: bytes) -> BadRequest | None:
    try:
        decode_request(body)
    except BadRequest as problem:
        return problem
    return None


def pointers(problem: BadRequest) -> list[str]:
    return [invalid.param for invalid in problem.details.invalid_params or ()]


def test_what_the_standard_requires_is_enough():
    request = decode_request(encoded(smallest()))

    assert request.nf_consumer_identification.node_functionality == "SMF"
    assert request.invocation_sequence_number == 1
    assert request.multiple_unit_usage is None


def test_unknown_attributes_and_unknown_enumeration_values_are_accepted():
    container = {
        "localSequenceNumber": 1,
        "triggers": [{"triggerType": "PHASE_OF_THE_MOON", "triggerCategory": "SOME_DAY"}],
        "newAttribute": {"a": [1, 2, {"b": None}]},
    }
    body = with_usage({"ratingGroup": 1, "usedUnitContainer": [container]}, alsoNew={})

    request = decode_request(encoded(body))

    assert request.multiple_unit_usage is not None
    used = request.multiple_unit_usage[0].used_unit_container
    assert used is not None
    assert used[0].triggers is not None
    assert used[0].triggers[0].trigger_type == "PHASE_OF_THE_MOON"


def test_null_counts_as_absent():
    request = decode_request(encoded({**smallest(), "multipleUnitUsage": None, "triggers": None}))

    assert request.multiple_unit_usage is None


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-02T09:30:00Z",
        "2026-03-02T09:30:00.000000000Z",
        "2026-03-02T10:30:00+01:00",
        "2026-03-02T10:30:00.0+0100",
        "2026-03-02T01:30:00-08:00",
        "2026-03-02t09:30:00z",
    ],
)
def test_one_moment_may_be_written_in_many_ways(written: str):
    request = decode_request(encoded({**smallest(), "invocationTimeStamp": written}))

    assert request.invocation_time_stamp == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_a_time_without_an_offset_names_no_moment():
    problem = refusal(encoded({**smallest(), "invocationTimeStamp": "2026-03-02T09:30:00"}))

    assert problem.cause == "MANDATORY_IE_INCORRECT"
    assert pointers(problem) == ["/invocationTimeStamp"]


def test_a_free5gc_create_is_read_though_it_asks_for_nothing():
    request = decode_request(encoded(free5gc_create()))

    assert request.invocation_sequence_number == 0
    assert request.nf_consumer_identification.nf_name == "SMF"
    expected = datetime(2026, 3, 2, 9, 30, 0, 123457, tzinfo=UTC)
    assert abs(request.invocation_time_stamp - expected) <= timedelta(microseconds=1)
    assert request.pdu_session_charging_information is not None
    session = request.pdu_session_charging_information.pdu_session_information
    assert session is not None
    assert (session.pdu_session_id, session.dnn_id) == (1, "internet")


def test_a_free5gc_update_is_read():
    request = decode_request(encoded(free5gc_update()))

    assert request.multiple_unit_usage is not None
    assert [usage.rating_group for usage in request.multiple_unit_usage] == [1, 2]


def test_a_totogi_create_is_read_though_its_location_breaks_the_types():
    request = decode_request(encoded(totogi_create()))

    assert request.subscriber_identifier == "phone-1"
    assert request.tenant_identifier == "northwind"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"{",
        b'{"invocationSequenceNumber":01}',
        b"[]",
        b"7",
        b'"text"',
        b"null",
        "{}".encode("utf-16"),
        b'{"alsoNew":"\xff"}',
        b'{"alsoNew":"\xc3\xa4", "other":"\xc3"}',
    ],
)
def test_what_is_no_json_object_is_an_invalid_message(body: bytes):
    assert refusal(body).cause == "INVALID_MSG_FORMAT"


def test_a_nul_character_is_refused_because_no_database_takes_it():
    problem = refusal(encoded({**smallest(), "subscriberIdentifier": "imsi-\x00"}))

    assert problem.cause == "INVALID_MSG_FORMAT"


def test_a_backslash_before_u0000_is_only_text():
    decode_request(encoded({**smallest(), "subscriberIdentifier": "a\\u0000"}))


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_deep_nesting_is_refused_wherever_it_hides(opening: bytes):
    closing = b"]" if opening == b"[" else b"}"
    deep = opening * 5000 + b"1" + closing * 5000

    assert refusal(b'{"alsoNew":' + deep + b"}").cause == "INVALID_MSG_FORMAT"


def test_many_brackets_in_texts_and_siblings_are_not_depth():
    usages = [{"ratingGroup": number, "requestedUnit": {}} for number in range(NESTING_LIMIT)]

    request = decode_request(encoded(with_usage(*usages, alsoNew='[{"' * 100)))

    assert len(request.multiple_unit_usage or ()) == NESTING_LIMIT


@pytest.mark.parametrize(
    ("missing", "pointer"),
    [
        ("nfConsumerIdentification", "/nfConsumerIdentification"),
        ("invocationTimeStamp", "/invocationTimeStamp"),
        ("invocationSequenceNumber", "/invocationSequenceNumber"),
    ],
)
def test_a_missing_mandatory_attribute_is_named(missing: str, pointer: str):
    body = smallest()
    del body[missing]

    problem = refusal(encoded(body))

    assert problem.cause == "MANDATORY_IE_MISSING"
    assert pointers(problem) == [pointer]


def test_a_missing_attribute_deep_inside_is_named_by_its_whole_path():
    problem = refusal(encoded({**smallest(), "nfConsumerIdentification": {}}))
    assert pointers(problem) == ["/nfConsumerIdentification/nodeFunctionality"]

    problem = refusal(encoded(with_usage({"ratingGroup": 1}, {"requestedUnit": {}})))
    assert problem.cause == "MANDATORY_IE_MISSING"
    assert pointers(problem) == ["/multipleUnitUsage/1/ratingGroup"]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("totalVolume", -1),
        ("totalVolume", 2**63),
        ("totalVolume", 2**64),
        ("totalVolume", 10**400),
        ("totalVolume", "5"),
        ("totalVolume", 1.5),
        ("totalVolume", True),
        ("time", 2**32),
        ("serviceSpecificUnits", -2147483648),
        ("triggerTimestamp", "yesterday"),
        ("triggers", {"triggerType": "FINAL"}),
    ],
)
def test_a_wrong_amount_is_named_by_its_pointer(attribute: str, value: Any):
    container = {"localSequenceNumber": 1, attribute: value}
    body = with_usage({"ratingGroup": 1, "usedUnitContainer": [container]})

    problem = refusal(encoded(body))

    assert problem.cause == "OPTIONAL_IE_INCORRECT"
    assert pointers(problem) == [f"/multipleUnitUsage/0/usedUnitContainer/0/{attribute}"]


def test_the_largest_amount_that_fits_the_ledger_is_read():
    container = {"localSequenceNumber": 1, "totalVolume": 2**63 - 1}
    body = with_usage({"ratingGroup": 2**32 - 1, "usedUnitContainer": [container]})

    decode_request(encoded(body))


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**smallest(), "invocationSequenceNumber": "1"}, "/invocationSequenceNumber"),
        ({**smallest(), "invocationSequenceNumber": None}, "/invocationSequenceNumber"),
        ({**smallest(), "nfConsumerIdentification": "SMF"}, "/nfConsumerIdentification"),
        (with_usage({"ratingGroup": 2**32}), "/multipleUnitUsage/0/ratingGroup"),
        (
            {**smallest(), "invocationTimeStamp": "0001-01-01T00:00:00+05:00"},
            "/invocationTimeStamp",
        ),
    ],
)
def test_a_wrong_mandatory_attribute_is_told_apart(body: dict[str, Any], pointer: str):
    problem = refusal(encoded(body))

    assert problem.cause == "MANDATORY_IE_INCORRECT"
    assert pointers(problem) == [pointer]


@pytest.mark.parametrize("subscriber", ["", "9" * 256, 5, {"supi": "imsi-1"}])
def test_a_subscriber_that_cannot_be_one_is_refused(subscriber: Any):
    problem = refusal(encoded({**smallest(), "subscriberIdentifier": subscriber}))

    assert pointers(problem) == ["/subscriberIdentifier"]


def test_a_fingerprint_ignores_how_the_body_was_written():
    body = free5gc_update()
    reordered = dict(reversed(body.items()))

    assert fingerprint(encoded(body)) == fingerprint(encoded(reordered).replace(b", ", b" ,  "))


def test_a_fingerprint_ignores_the_retransmission_indicator():
    body = free5gc_update()

    marked = {**body, "retransmissionIndicator": True}

    assert fingerprint(encoded(marked)) == fingerprint(encoded(body))
    assert len(fingerprint(encoded(body))) == 16


def test_a_fingerprint_tells_two_requests_apart():
    first = free5gc_update()
    second = {**first, "invocationTimeStamp": "2026-03-02T17:30:00.123456790+08:00"}

    assert fingerprint(encoded(first)) != fingerprint(encoded(second))


def test_numbers_out_of_range_in_unknown_attributes_do_not_stop_a_fingerprint():
    body = encoded(smallest())[:-1] + b', "alsoNew": 1e999, "digits": ' + b"9" * 5000 + b"}"

    decode_request(body)
    marked = body[:-1] + b', "retransmissionIndicator": true}'

    assert fingerprint(marked) == fingerprint(body)


anything = recursive(
    none() | booleans() | integers() | floats(allow_nan=False) | text(max_size=5),
    lambda inner: lists(inner, max_size=3) | dictionaries(text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def paths(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every attribute and element."""
    children = content.items() if isinstance(content, dict) else ()
    children = enumerate(content) if isinstance(content, list) else children
    found = []
    for key, child in children:
        found += [(*path, key), *paths(child, (*path, key))]
    return found


def replaced(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(content) if isinstance(content, dict) else list(content)
    copy[path[0]] = replaced(copy[path[0]], path[1:], value)
    return copy


@given(data=data(), value=anything)
def test_whatever_is_wrong_is_either_read_or_named(data: DataObject, value: Any):
    body = data.draw(sampled_from([free5gc_update(), totogi_create()]))
    damaged = encoded(replaced(body, data.draw(sampled_from(paths(body))), value))

    problem = refusal_or_none(damaged)

    if problem is None:
        assert len(fingerprint(damaged)) == 16
    else:
        assert problem.cause == "INVALID_MSG_FORMAT" or pointers(problem)


@given(binary(max_size=200))
def test_whatever_is_no_request_is_refused(body: bytes):
    refusal(body)
