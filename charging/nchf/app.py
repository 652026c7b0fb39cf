"""The charging function's HTTP: one transport-neutral `handle`, free of Django's request cycle."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from charging.charger.jobs import Job, Reply, Result, identity_of
from charging.nchf import problems, reading
from charging.nchf.access import AccessControl, Peer
from charging.nchf.decoding import decode_request, fingerprint
from charging.nchf.messages import ChargingDataRequest, Operation
from charging.nchf.problems import InvalidParam, Problem
from charging.refs import account_key_of

BODY_LIMIT: Final = 1024 * 1024
"""Octets; an N40 request of many rating groups takes some ten thousand."""
RESOURCE: Final = "/nchf-convergedcharging/v3/chargingdata"

_PATH: Final = re.compile(
    r"^/nchf-convergedcharging/v3/charging[dD]ata"
    r"(?:/(?P<ref>[^/]{1,200})/(?P<operation>update|release))?/?$"
)


@dataclass(frozen=True, slots=True)
class Response:
    """What a transport writes."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


class ChargingFunction:
    """Nchf_ConvergedCharging over `submit`, which makes a job durable and answers it."""

    def __init__(
        self,
        *,
        submit: Callable[[Job], Awaitable[Result]],
        access: AccessControl,
        clock: Callable[[], datetime],
    ) -> None:
        self._submit = submit
        self._access = access
        self._clock = clock

    async def handle(
        self, *, method: str, path: str, headers: Mapping[str, str], body: bytes, root: str
    ) -> Response:
        """Answer one request. `headers` have lower-case names; `root` is the apiRoot for Location.

        Every failure is a Problem on the wire: this never raises.
        """
        try:
            job = self._job(method, path, headers, body)
            result = await self._submit(job)
        except Problem as problem:
            result = problem
        if isinstance(result, Problem):
            return Response(result.status, result.headers, result.body())
        return _written(result, root)

    def _job(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Job:
        match = _PATH.match(path)
        if match is None:
            raise problems.path_not_found(path)
        if method != "POST":
            raise problems.method_not_allowed(method)
        now = self._clock()
        peer = self._access.admit(headers.get("authorization", ""), now=now)
        content_type = headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() != "application/json":
            raise problems.unsupported_media_type(content_type)
        request = decode_request(body)
        _require_own_tenant(request, peer)
        job = Job(
            tenant_id=peer.tenant_id,
            operation=Operation(match["operation"] or Operation.CREATE),
            request=request,
            body=body,
            fingerprint=fingerprint(body),
            received_at=now,
        )
        if job.operation is Operation.CREATE:
            _address_create(job, request)
        else:
            _address_session(job, request, match["ref"])
        return job


def _address_create(job: Job, request: ChargingDataRequest) -> None:
    if not request.subscriber_identifier:
        raise problems.BadRequest(
            "MANDATORY_IE_MISSING",
            "subscriberIdentifier says who is charged",
            [InvalidParam(param="/subscriberIdentifier", reason="is missing")],
        )
    job.identity = identity_of(request.subscriber_identifier)
    job.create_key = hashlib.blake2b(reading.create_key(request).encode(), digest_size=16).digest()


def _address_session(job: Job, request: ChargingDataRequest, ref: str) -> None:
    account_key = account_key_of(ref)
    if account_key is None:
        raise problems.context_not_found("There is no charging session with this reference.")
    job.ref, job.account_key = ref, account_key
    if request.subscriber_identifier:
        job.identity = identity_of(request.subscriber_identifier)


def _require_own_tenant(request: ChargingDataRequest, peer: Peer) -> None:
    """The token decides; a tenantIdentifier may only agree with it."""
    given = request.tenant_identifier
    if given is not None and given != peer.tenant_slug:
        raise Problem(
            403,
            "END_USER_REQUEST_DENIED",
            "Wrong tenant",
            "The access token belongs to another tenant.",
            invalid_params=[
                InvalidParam(param="/tenantIdentifier", reason="is not the token's tenant")
            ],
        )


def _written(reply: Reply, root: str) -> Response:
    is_problem = reply.status >= 400  # a refusal repeated from memory
    content_type = problems.PROBLEM_CONTENT_TYPE if is_problem else "application/json"
    headers = [("content-type", content_type)] if reply.body else []
    if reply.ref:
        location = reply.ref if reply.bare_location else f"{root}{RESOURCE}/{reply.ref}"
        headers.append(("location", location))
    return Response(reply.status, headers, reply.body)


def utc_now() -> datetime:
    return datetime.now(UTC)
