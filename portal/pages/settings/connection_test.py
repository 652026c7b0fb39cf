"""Trying a charging function: one request over HTTP/2 that charges nobody, told in words.

The request names no subscriber, so a charging function that understands N40 refuses it with 400
(or 404 for an unknown user). That refusal is the proof: address, HTTP/2 and sign-in are right.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asgiref.sync import async_to_sync

from charging.client.exchange import Exchange
from charging.emulator_connection import connect
from charging.models import ChargerEndpoint
from charging.nchf.messages import Operation
from charging.nchf.timestamps import format_timestamp
from portal.tenancy.secrets import UnreadableSecret

UNDERSTOOD: Final = (400, 403, 404, 422)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a try brought: `tone` good or bad, a sentence, and what to do about it."""

    tone: str
    title: str
    advice: str = ""
    status: int | None = None
    milliseconds: int | None = None
    url: str = ""


def try_connection(endpoint: ChargerEndpoint, *, now: datetime) -> Verdict:
    """Send the request and judge the answer; takes as long as the peer does, at most seconds."""
    try:
        exchange = async_to_sync(_ask)(endpoint, now)
    except UnreadableSecret:
        return Verdict(
            tone="bad",
            title="The saved secret cannot be read any more",
            advice="The installation's key has changed. Enter the secret again.",
        )
    return _judge(exchange)


async def _ask(endpoint: ChargerEndpoint, now: datetime) -> Exchange:
    body = {
        "nfConsumerIdentification": {"nodeFunctionality": "SMF", "nFName": "connection-test"},
        "invocationTimeStamp": format_timestamp(now),
        "invocationSequenceNumber": 0,
    }
    async with connect(endpoint, now=now) as connection:
        return await connection.send(Operation.CREATE, body)


def _judge(exchange: Exchange) -> Verdict:
    if exchange.status is None:
        return Verdict(
            tone="bad",
            title=f"No answer: {exchange.error}",
            advice="Check the address, and that HTTP/2 is spoken there (prior knowledge for http).",
            url=exchange.url,
        )
    tone, title, advice = _words(exchange)
    return Verdict(
        tone=tone,
        title=title,
        advice=advice,
        status=exchange.status,
        milliseconds=round(exchange.duration_seconds * 1000),
        url=exchange.url,
    )


def _words(exchange: Exchange) -> tuple[str, str, str]:
    status, answer = exchange.status, exchange.answer or {}
    if status == 401:
        return (
            "bad",
            "It answers, but does not accept the sign-in",
            "Check token, client or secret.",
        )
    if status == 403 and not answer.get("cause"):
        return (
            "bad",
            "It answers, but forbids the request",
            "The client may lack the scope for N40.",
        )
    if status in UNDERSTOOD and answer:
        return (
            "good",
            "It speaks N40 and accepts the sign-in",
            "It refused our empty request, as it should; nobody was charged.",
        )
    if status == 404:
        return "bad", "Something answers, but not an N40 charging function", "Check the path."
    if status is not None and status >= 500:
        return "bad", f"It answers, but reports a failure of its own ({status})", "Try again later."
    return "bad", f"It gave an unexpected answer ({status})", "Is it a charging function?"
