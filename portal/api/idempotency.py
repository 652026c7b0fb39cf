"""The key by which a caller marks a repeated request as the same request."""

from __future__ import annotations

from typing import Final

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from portal.api.problems import InvalidHeader

KEY_HEADER: Final = "Idempotency-Key"
KEY_LENGTH_MAX: Final = 128

KEY_PARAMETER: Final = OpenApiParameter(
    KEY_HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Repeat a request with the same key and it is done only once.",
)


def request_key(request: Request, *, in_body: str = "") -> str:
    """From the header, or from the body where that may bear it; empty when there is none.

    Raises InvalidHeader when the two disagree or the header is too long or no plain text.
    """
    in_header = request.headers.get(KEY_HEADER, "").strip()
    if len(in_header) > KEY_LENGTH_MAX or not in_header.isprintable():
        raise InvalidHeader(KEY_HEADER, f"At most {KEY_LENGTH_MAX} printable characters.")
    if in_header and in_body and in_header != in_body:
        raise InvalidHeader(KEY_HEADER, "The body has another request_key.")
    return in_header or in_body
