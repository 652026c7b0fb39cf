"""From a request body to a `ChargingDataRequest`, or to a 400 that names what is wrong."""

from __future__ import annotations

import hashlib
import json
import re

import msgspec

from charging.nchf import messages
from charging.nchf.messages import ChargingDataRequest
from charging.nchf.problems import BadRequest, InvalidParam, invalid_message

PARTS_LIMIT = 1_000
"""Entries and containers of one request. A network function sends a few dozen; what each costs
is paid by everybody who waits behind it."""
NESTING_LIMIT = 32
"""The deepest standard body needs about twelve levels."""

_decoder = msgspec.json.Decoder(ChargingDataRequest)
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_ERROR_PATH = re.compile(r"^(?P<reason>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")
_MANDATORY = frozenset(
    attribute.encode_name
    for message in vars(messages).values()
    if isinstance(message, type) and issubclass(message, messages.Wire)
    for attribute in msgspec.structs.fields(message)
    if attribute.required
)


def decode_request(body: bytes) -> ChargingDataRequest:
    """Read the body of a create, update or release.

    Raises `BadRequest` with a cause of TS 29.500 table 5.2.7.2-1 and, unless the body is no JSON
    at all, one JSON pointer to the attribute at fault.
    """
    _require_readable_text(body)
    try:
        request = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _bad_attribute(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid_message(f"the body is not JSON: {error}") from None
    if not 1970 <= request.invocation_time_stamp.year < 9999:
        raise BadRequest(
            "MANDATORY_IE_INCORRECT",
            "invocationTimeStamp is out of range",
            [InvalidParam(param="/invocationTimeStamp", reason="not a plausible time")],
        )
    _require_few_parts(request)
    return request


def fingerprint(body: bytes) -> bytes:
    """16 bytes that two transmissions of one request share, however each was written.

    Hash of the canonical JSON without `retransmissionIndicator`; call it only on a body that
    `decode_request` has accepted.
    """
    try:
        document = msgspec.json.decode(body)
        document.pop("retransmissionIndicator", None)
        canonical = msgspec.json.encode(document, order="sorted")
    except msgspec.DecodeError:  # numbers out of range in attributes that nobody reads
        document = json.loads(body, parse_int=str, parse_float=str)
        document.pop("retransmissionIndicator", None)
        canonical = json.dumps(document, sort_keys=True).encode()
    return hashlib.blake2b(canonical, digest_size=16).digest()


def _require_readable_text(body: bytes) -> None:
    """Refuse what the decoder skips in attributes it does not know but a store would choke on."""
    if body.count(b"{") + body.count(b"[") > NESTING_LIMIT:
        _require_shallow(body)
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise invalid_message(f"the body is not UTF-8: {error.reason}") from None
    if b"\\u0000" in body and _NUL_ESCAPE.search(body):
        raise invalid_message("the body contains a NUL character")


def _require_shallow(body: bytes) -> None:
    depth = 0
    for byte in _STRINGS.sub(b"", body):
        if byte in b"{[":
            depth += 1
            if depth > NESTING_LIMIT:
                raise invalid_message(f"the body is nested deeper than {NESTING_LIMIT} levels")
        elif byte in b"}]":
            depth -= 1


def _require_few_parts(request: ChargingDataRequest) -> None:
    usages = request.multiple_unit_usage or []
    if len(usages) + sum(len(usage.used_unit_container or ()) for usage in usages) > PARTS_LIMIT:
        raise BadRequest(
            "OPTIONAL_IE_INCORRECT",
            f"multipleUnitUsage has more than {PARTS_LIMIT} entries and containers",
            [InvalidParam(param="/multipleUnitUsage", reason="has too many parts")],
        )


def _bad_attribute(message: str) -> BadRequest:
    match = _ERROR_PATH.match(message)
    assert match is not None
    reason, pointer = match["reason"], _json_pointer(match["path"] or "")
    if missing := _MISSING.search(reason):
        pointer = f"{pointer}/{missing['name']}"
        return BadRequest(
            "MANDATORY_IE_MISSING",
            f"{pointer} is missing",
            [InvalidParam(param=pointer, reason="is missing")],
        )
    if not pointer:
        return invalid_message("the body is not a JSON object")
    is_mandatory = pointer.rpartition("/")[2] in _MANDATORY
    return BadRequest(
        "MANDATORY_IE_INCORRECT" if is_mandatory else "OPTIONAL_IE_INCORRECT",
        f"{pointer}: {reason}",
        [InvalidParam(param=pointer, reason=reason)],
    )


def _json_pointer(path: str) -> str:
    """`a[0].b` → `/a/0/b`."""
    if not path:
        return ""
    return "/" + path.replace("[", ".").replace("]", "").replace(".", "/").lstrip("/")
