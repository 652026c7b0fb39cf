"""Every error of the API as a problem document (RFC 9457, `application/problem+json`).

`type` leads to what to do about it (the documentation page); `invalidParams` names what was wrong
in the manner of TS 29.571 InvalidParam: a JSON pointer into the body, or "query account",
"header Idempotency-Key".
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response

from portal.api.queries import InvalidQuery
from portal.tenancy.actor import PermissionDenied
from portal.tenancy.rate_limit import RateLimited
from portal.tenancy.validation import FieldError, Invalid, Taken

logger = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """One kind of problem: what it is called, and what the caller should do."""

    code: str
    status: int
    title: str
    remedy: str

    @property
    def uri(self) -> str:
        return f"/api/v1/docs/#problem-{self.code}"


PROBLEM_TYPES: Final = {
    kind.code: kind
    for kind in (
        ProblemType(
            code="malformed",
            status=400,
            title="The request cannot be read",
            remedy="Send a JSON object in UTF-8; the detail says where reading stopped.",
        ),
        ProblemType(
            code="invalid",
            status=400,
            title="Some of what was sent is not valid",
            remedy="Correct each entry of invalidParams and send it again; nothing was changed.",
        ),
        ProblemType(
            code="unauthenticated",
            status=401,
            title="Sign in or send an access token",
            remedy="Get a new token from /oauth/token/; tokens live 15 minutes.",
        ),
        ProblemType(
            code="forbidden",
            status=403,
            title="The permission is missing",
            remedy="Ask for the scope named in the detail; an administrator grants it.",
        ),
        ProblemType(
            code="not-found",
            status=404,
            title="There is no such thing",
            remedy="Check the id and the spelling of the address; collections end in a slash.",
        ),
        ProblemType(
            code="method-not-allowed",
            status=405,
            title="This address does not take that method",
            remedy="The Allow header lists the methods it takes.",
        ),
        ProblemType(
            code="not-acceptable",
            status=406,
            title="Only JSON is spoken here",
            remedy="Accept application/json.",
        ),
        ProblemType(
            code="conflict",
            status=409,
            title="The present state does not allow this",
            remedy="Read it again; the detail says what stands in the way.",
        ),
        ProblemType(
            code="key-reused",
            status=409,
            title="The idempotency key belongs to another request",
            remedy="Use a new Idempotency-Key for a new request, the same one only to repeat.",
        ),
        ProblemType(
            code="too-large",
            status=413,
            title="The body is too large",
            remedy="Send at most 1 MiB of JSON, or 32 MiB of CSV.",
        ),
        ProblemType(
            code="unsupported-media-type",
            status=415,
            title="This is not read here",
            remedy="Send Content-Type: application/json, or text/csv to an import.",
        ),
        ProblemType(
            code="too-many-requests",
            status=429,
            title="Too many requests",
            remedy="Wait for the seconds of Retry-After.",
        ),
        ProblemType(
            code="internal",
            status=500,
            title="Something went wrong on our side",
            remedy="Try again; if it stays, tell us the id in instance.",
        ),
        ProblemType(
            code="unavailable",
            status=503,
            title="The database cannot be reached",
            remedy="Repeat the same request after Retry-After seconds, with the same key.",
        ),
    )
}

_CODE_OF_STATUS: Final = {kind.status: kind.code for kind in reversed(PROBLEM_TYPES.values())}


class BodyTooLarge(exceptions.APIException):
    """The body is larger than we read."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is larger than 1 MiB."


class InvalidHeader(exceptions.APIException):
    """A header has a value that cannot be taken."""

    status_code = status.HTTP_400_BAD_REQUEST

    def __init__(self, header: str, reason: str) -> None:
        super().__init__(reason)
        self.invalid_params = [{"param": f"header {header}", "reason": reason}]


class Conflict(exceptions.APIException):
    """What was asked for contradicts the state that is; `param` points at the field, if any."""

    status_code = status.HTTP_409_CONFLICT
    code = "conflict"

    def __init__(self, detail: str, *, param: str = "") -> None:
        super().__init__(detail)
        self.invalid_params = [{"param": param, "reason": detail}] if param else []


class InvalidFile(InvalidQuery):
    """A file that is no JSON is wrong; its errors say in which lines."""

    def __init__(self, errors: Iterable[FieldError]) -> None:
        exceptions.APIException.__init__(self, _SEE_PARAMS)
        self.invalid_params = [
            {"param": error.path, "reason": _printable(error.message)} for error in errors
        ]


class KeyReused(Conflict):
    """An Idempotency-Key was sent before, with another request."""

    code = "key-reused"


def problem_json(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER: an answer for every exception, expected or not."""
    request = context["request"]._request if context.get("request") else None
    body, headers = describe(exc, request)
    response = Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)
    response.exception = True
    return response


def problem_response(exc: Exception, request: HttpRequest) -> HttpResponse:
    """The same for views and handlers outside DRF."""
    body, headers = describe(exc, request)
    return JsonResponse(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def describe(exc: Exception, request: HttpRequest | None) -> tuple[dict[str, Any], dict[str, str]]:
    """The problem document and the headers for an exception."""
    instance = request.path if request is not None else ""
    match exc:
        case Taken(errors=errors):
            detail = " ".join(error.message for error in errors)
            return _document("conflict", detail, instance, from_field_errors(errors)), {}
        case Invalid(errors=errors):
            return _document("invalid", _SEE_PARAMS, instance, from_field_errors(errors)), {}
        case exceptions.ValidationError(detail=detail):
            return _document("invalid", _SEE_PARAMS, instance, list(_from_drf(detail))), {}
        case Conflict():
            return _document(exc.code, str(exc.detail), instance, exc.invalid_params), {}
        case InvalidQuery() | InvalidHeader():
            return _document("invalid", str(exc.detail), instance, exc.invalid_params), {}
        case exceptions.APIException():
            return _from_api_exception(exc, instance)
        case Http404():
            return _document("not-found", _detail_of_404(exc), instance), {}
        case PermissionDenied() | DjangoPermissionDenied():
            return _document("forbidden", str(exc) or "Not allowed.", instance), {}
        case RateLimited():
            headers = {"Retry-After": str(exc.retry_after)}
            return _document("too-many-requests", str(exc), instance), headers
        case RequestDataTooBig():
            return _document("too-large", BodyTooLarge.default_detail, instance), {}
        case OperationalError() | InterfaceError():
            logger.warning("The database cannot be reached: %s", exc)
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            detail = "Nothing was changed; repeat shortly."
            return _document("unavailable", detail, instance), headers
    return _unexpected(exc), {}


_SEE_PARAMS: Final = "See invalidParams; nothing was changed."


def from_field_errors(errors: Iterable[FieldError]) -> list[dict[str, str]]:
    """invalidParams for errors of services; their paths are the ways into the body."""
    return [
        {"param": f"/{error.path}" if error.path else "", "reason": error.message}
        for error in errors
    ]


def _from_api_exception(
    exc: exceptions.APIException, instance: str
) -> tuple[dict[str, Any], dict[str, str]]:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    is_unreadable = isinstance(exc, exceptions.ParseError)
    code = "malformed" if is_unreadable else _CODE_OF_STATUS[exc.status_code]
    return _document(code, str(exc.detail), instance), headers


def _from_drf(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested errors as flat pointers; its "non_field_errors" are about the whole."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else f"/{_escaped(str(name))}"
            yield from _from_drf(inner, pointer + step)
    elif isinstance(detail, (list, tuple)):
        for index, inner in enumerate(detail):
            is_nested = isinstance(inner, (Mapping, list, tuple))
            yield from _from_drf(inner, f"{pointer}/{index}" if is_nested else pointer)
    else:
        yield {"param": _printable(pointer), "reason": _printable(str(detail))}


def _printable(text: str) -> str:
    """What was sent may be repeated in an answer; half a surrogate pair has no UTF-8."""
    return text.encode(errors="replace").decode()


def _escaped(token: str) -> str:
    """A reference token of a JSON pointer (RFC 6901 §3)."""
    return token.replace("~", "~0").replace("/", "~1")


def _detail_of_404(exc: Http404) -> str:
    """Our own sentence, if somebody wrote one; Django's name internals."""
    text = str(exc)
    return text if text and "matches the given query" not in text else "Nothing is found here."


def _unexpected(exc: Exception) -> dict[str, Any]:
    incident = uuid.uuid4()
    logger.error("Uncaught exception, incident %s", incident, exc_info=exc)
    return _document("internal", f"The incident is logged as {incident}.", f"urn:uuid:{incident}")


def _document(
    code: str, detail: str, instance: str, invalid_params: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    kind = PROBLEM_TYPES[code]
    document: dict[str, Any] = {
        "type": kind.uri,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": instance,
    }
    if invalid_params:
        document["invalidParams"] = invalid_params
    return document
