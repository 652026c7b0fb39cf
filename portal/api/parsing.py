"""Reading a JSON body: exactly, and no more of it than is reasonable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any, Final, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from portal.api.problems import BodyTooLarge

BODY_OCTETS_MAX: Final = 1024 * 1024


class ExactJSONParser(BaseParser):
    """JSON in UTF-8; numbers with a point become Decimal, so that 19.90 stays 19.90."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        raw = stream.read(BODY_OCTETS_MAX + 1)
        if len(raw) > BODY_OCTETS_MAX:
            raise BodyTooLarge
        try:
            return json.loads(raw.decode(), parse_float=Decimal, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            raise ParseError(
                f"The body is not valid JSON: {error.msg} at line {error.lineno}, "
                f"column {error.colno}."
            ) from error
        except UnicodeDecodeError as error:
            raise ParseError("The body is not UTF-8.") from error
        except (RecursionError, ValueError) as error:
            raise ParseError("The body nests too deep or has a number out of range.") from error


def _refuse(name: str) -> NoReturn:
    raise ParseError(f"{name} is not JSON.")
