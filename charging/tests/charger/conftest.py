"""An operator with one subscriber, and a charging function to send N40 to over real HTTP/2."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from plans.models import PlanVersion
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from subscribers.models import Account, Device
from tests import factories
from tests.harness.processes import ServerProcess

CREATE = "/nchf-convergedcharging/v3/chargingdata"


@dataclass
class Subscriber:
    """Who is charged."""

    tenant: Tenant
    version: PlanVersion
    account: Account
    device: Device


@dataclass
class Network:
    """A network function on one HTTP/2 connection; bodies are the shortest legal ones."""

    http: httpx.Client
    token: str
    subscriber: str
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def body(self, *usages: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {
            "subscriberIdentifier": self.subscriber,
            "nfConsumerIdentification": {"nodeFunctionality": "SMF", "nFName": "smf-1"},
            "invocationTimeStamp": datetime.now(UTC).isoformat(),
            "invocationSequenceNumber": next(self.numbers),
            "multipleUnitUsage": list(usages),
            **more,
        }

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.http.post(path, json=body, headers=self.headers(**headers))

    def post_bytes(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        given = {"content-type": "application/json", **self.headers(**headers)}
        return self.http.post(path, content=body, headers=given)

    def headers(self, **headers: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}", **headers}

    def create(self, *usages: dict[str, Any], **more: Any) -> httpx.Response:
        return self.post(CREATE, self.body(*usages, **more))

    def open(self, *usages: dict[str, Any], **more: Any) -> str:
        """The path of a new session."""
        answer = self.create(*usages, **more)
        assert answer.status_code == 201, answer.text
        return httpx.URL(answer.headers["location"]).path

    def update(self, session: str, *usages: dict[str, Any], **more: Any) -> httpx.Response:
        return self.post(f"{session}/update", self.body(*usages, **more))

    def release(self, session: str, *usages: dict[str, Any], **more: Any) -> httpx.Response:
        return self.post(f"{session}/release", self.body(*usages, **more))


def asks(rating_group: int, **units: int) -> dict[str, Any]:
    """A multipleUnitUsage that wants quota; without units the charging function decides."""
    return {"ratingGroup": rating_group, "requestedUnit": units}


def reports(
    rating_group: int, *, wants: dict[str, int] | None = None, **units: int
) -> dict[str, Any]:
    """A multipleUnitUsage that reports one container, and may ask for more."""
    usage: dict[str, Any] = {
        "ratingGroup": rating_group,
        "usedUnitContainer": [{"localSequenceNumber": 1, **units}],
    }
    return usage if wants is None else {**usage, "requestedUnit": wants}


@pytest.fixture
def subscriber(committed_db: None) -> Subscriber:
    """On "Flex 20" since a moment ago, without money."""
    now = datetime.now(UTC)
    tenant = factories.make_tenant()
    with tenant_scope(tenant):
        version = factories.make_published_plan(now=now)
        account = factories.make_account("acc-1", plan_code="flex-20", now=now)
        device = factories.make_device(
            account, public_id="dev-1", imsi="001010000000001", msisdn="4915100000001", now=now
        )
    return Subscriber(tenant=tenant, version=version, account=account, device=device)


@pytest.fixture
def network(chf_server: ServerProcess, subscriber: Subscriber) -> Iterator[Network]:
    """A session management function that speaks for the subscriber."""
    with httpx.Client(base_url=chf_server.url, http1=False, http2=True, timeout=10) as http:
        yield Network(
            http=http,
            token=factories.n40_token(subscriber.tenant),
            subscriber=subscriber.device.supi,
        )
