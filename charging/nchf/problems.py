"""ProblemDetails answers (RFC 9457 as profiled by TS 29.571) and the causes N40 uses.

A `Problem` is raised wherever a request turns out to be unanswerable and is written to the wire
by whoever holds the connection. Statuses and causes: TS 32.291 §6.1.7.3 and TS 29.500 table
5.2.7.2-1.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

PROBLEM_CONTENT_TYPE = "application/problem+json"


class InvalidParam(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attribute that was wrong; `param` is a JSON pointer into the request body."""

    param: str
    reason: str | None = None


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Why a request was refused; peers leave out whatever they like."""

    status: int | None = None
    title: str | None = None
    cause: str | None = None
    detail: str | None = None
    type: str | None = None
    instance: str | None = None
    invalid_params: list[InvalidParam] | None = None
    supported_features: str | None = None


class Problem(Exception):
    """A request that gets an error answer and changes nothing."""

    def __init__(
        self,
        status: int,
        cause: str,
        title: str,
        detail: str,
        *,
        invalid_params: Iterable[InvalidParam] = (),
        extra_headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        super().__init__(f"{status} {cause}: {detail}")
        self.status = status
        self.extra_headers = tuple(extra_headers)
        self.details = ProblemDetails(
            status=status,
            title=title,
            cause=cause,
            detail=detail,
            invalid_params=list(invalid_params) or None,
        )

    @property
    def cause(self) -> str:
        return self.details.cause or ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [("content-type", PROBLEM_CONTENT_TYPE), *self.extra_headers]

    def body(self) -> bytes:
        return msgspec.json.encode(self.details)


class BadRequest(Problem):
    """400: the request cannot be understood, or cannot be charged as it is."""

    def __init__(
        self, cause: str, detail: str, invalid_params: Iterable[InvalidParam] = ()
    ) -> None:
        super().__init__(400, cause, "Bad request", detail, invalid_params=invalid_params)


def invalid_message(detail: str) -> BadRequest:
    """The body is no JSON object at all."""
    return BadRequest("INVALID_MSG_FORMAT", detail)


def charging_failed(detail: str, *params: InvalidParam) -> BadRequest:
    """Well-formed, yet it lacks or contradicts what charging it needs."""
    return BadRequest("CHARGING_FAILED", detail, params)


def unauthorized(detail: str) -> Problem:
    return Problem(
        401,
        "UNAUTHORIZED",
        "Unauthorized",
        detail,
        extra_headers=[("www-authenticate", 'Bearer scope="nchf-convergedcharging"')],
    )


def forbidden(detail: str) -> Problem:
    """The token is good, but not for this."""
    return Problem(
        403,
        "INSUFFICIENT_SCOPE",
        "Forbidden",
        detail,
        extra_headers=[("www-authenticate", 'Bearer error="insufficient_scope"')],
    )


def quota_limit_reached(detail: str) -> Problem:
    """The whole request is refused because the account has no credit."""
    return Problem(403, "QUOTA_LIMIT_REACHED", "Quota limit reached", detail)


def end_user_request_denied(detail: str) -> Problem:
    """The subscriber is barred from the service, whatever the credit."""
    return Problem(403, "END_USER_REQUEST_DENIED", "Request denied", detail)


def user_unknown(detail: str) -> Problem:
    return Problem(404, "USER_UNKNOWN", "Subscriber unknown", detail)


def context_not_found(detail: str) -> Problem:
    """No charging session (any more) under this ChargingDataRef."""
    return Problem(404, "CONTEXT_NOT_FOUND", "Charging session not found", detail)


def path_not_found(path: str) -> Problem:
    return Problem(
        404, "RESOURCE_URI_STRUCTURE_NOT_FOUND", "Not found", f"{path} is not a path of this API"
    )


def method_not_allowed(method: str) -> Problem:
    return Problem(
        405,
        "METHOD_NOT_ALLOWED",
        "Method not allowed",
        f"{method} is not allowed here; every operation is a POST",
        extra_headers=[("allow", "POST")],
    )


def request_timeout(limit_seconds: int) -> Problem:
    return Problem(
        408, "REQUEST_TIMEOUT", "Request timeout", f"the body took more than {limit_seconds} s"
    )


def body_too_large(limit_bytes: int) -> Problem:
    return Problem(
        413, "INCORRECT_LENGTH", "Body too large", f"at most {limit_bytes} bytes are read"
    )


def unsupported_media_type(content_type: str) -> Problem:
    return Problem(
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "Unsupported media type",
        f"send application/json, not {content_type or 'a body without a content type'}",
        extra_headers=[("accept", "application/json")],
    )


def too_many_requests(detail: str, *, retry_after_seconds: int) -> Problem:
    return Problem(
        429,
        "NF_CONGESTION_RISK",
        "Too many requests",
        detail,
        extra_headers=[("retry-after", str(retry_after_seconds))],
    )


def system_failure(detail: str) -> Problem:
    """Something of ours broke; the same request may be sent again."""
    return Problem(500, "SYSTEM_FAILURE", "System failure", detail)


def congestion(detail: str, *, retry_after_seconds: int) -> Problem:
    """Too busy, or the database is away for the moment."""
    return Problem(
        503,
        "NF_CONGESTION",
        "Temporarily unavailable",
        detail,
        extra_headers=[("retry-after", str(retry_after_seconds))],
    )
