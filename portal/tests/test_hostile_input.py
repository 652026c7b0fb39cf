"""Every address × input that no person types: refused or ignored, never a failure of ours.

The walk learns the names of parameters and fields by watching what each view asks for, so that a
new one is tried by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.test import Client
from django.urls import NoReverseMatch

from portal.tenancy.models import Tenant
from portal.tests.addresses import Address, all_addresses
from portal.tests.samples import Samples, make_samples
from tests.factories import make_user

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")

NUL = "a\x00b"
IN_QUERIES = [NUL, "9" * 25, "²", "9999-12-31", "\r\nX: y"]
IN_FIELDS = [NUL, "9" * 5000, "1e999", "😀" * 500]
IN_PATHS = [NUL, "x" * 3000, 10**30]

# They ask other servers how they are; tests that kill those ask them.
NOT_WALKED = {"health-ready"}
ADDRESSES = [address for address in all_addresses() if address.name not in NOT_WALKED]
HTMX = {"HX-Request": "true"}


class FilledForm(HTMLParser):
    """The fields of a page with what they hold, the way a browser would send them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in self.fields:
                self.fields[self._select] = given.get("value", "")
        elif name and tag in ("input", "textarea"):
            self.fields[name] = given.get("value") or "on" * (given.get("type") == "checkbox")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


class Attacker:
    """An administrator's browser that notes what failed; what it changes is taken back."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self.http = Client(raise_request_exception=False)
        self.http.force_login(make_user(samples.tenant, "admin"))
        self.failed: list[str] = []

    def get(self, path: str) -> HttpResponse:
        return self._noted("get", path)

    def post(self, path: str, fields: dict[str, str]) -> HttpResponse:
        return self._noted("post", path, fields)

    def _noted(self, method: str, path: str, *data: Any) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = getattr(self.http, method)(path, *data, headers=HTMX)
            transaction.set_rollback(True)
        if response.status_code >= 500:
            self.failed.append(f"{method} {path[:100]} {str(data)[:200]}")
        return response


@pytest.fixture
def attacker(northwind: Tenant) -> Attacker:
    return Attacker(make_samples(northwind))


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that views have looked for in query strings and forms."""
    names: set[str] = set()

    def watch(method: str) -> None:
        original = getattr(QueryDict, method)

        def watched(self: QueryDict, key: Any, *args: Any) -> Any:
            if isinstance(key, str) and key != "csrfmiddlewaretoken":
                names.add(key)
            return original(self, key, *args)

        monkeypatch.setattr(QueryDict, method, watched)

    for method in ("get", "getlist", "__getitem__", "__contains__"):
        watch(method)
    return names


def test_no_path_makes_a_page_fail(attacker: Attacker) -> None:
    for address in ADDRESSES:
        for path in hostile_paths(address, attacker.samples):
            attacker.get(path)

    assert not attacker.failed


def hostile_paths(address: Address, samples: Samples) -> Iterator[str]:
    """Each parameter in turn; a converter that refuses to write one would not read it either."""
    known = samples.arguments_for(address)
    for name in address.parameters:
        for hostile in IN_PATHS:
            try:
                yield address.path({**known, name: hostile})
            except NoReverseMatch:
                continue


def test_no_query_makes_a_page_fail(attacker: Attacker, asked_for: set[str]) -> None:
    for address in ADDRESSES:
        asked_for.clear()
        path = attacker.samples.path_of(address)
        if attacker.get(path).status_code == 405:
            continue
        plain, _, needed = path.partition("?")
        for name in sorted(asked_for):
            for hostile in IN_QUERIES:
                query = {**QueryDict(needed).dict(), name: hostile}
                attacker.get(f"{plain}?{urlencode(query)}")

    assert not attacker.failed


def test_no_form_makes_a_page_fail(attacker: Attacker, asked_for: set[str]) -> None:
    for address in ADDRESSES:
        if address.is_api or address.name == "sign-out":
            continue
        asked_for.clear()
        path = attacker.samples.path_of(address)
        page = attacker.get(path)
        is_html = page.get("Content-Type", "").startswith("text/html")
        fields = FilledForm(page.content.decode()).fields if is_html else {}
        if attacker.post(path, fields).status_code == 405:
            continue
        for hostile in IN_FIELDS:
            attacker.post(path, {**fields, **dict.fromkeys(asked_for, hostile)})

    assert not attacker.failed
