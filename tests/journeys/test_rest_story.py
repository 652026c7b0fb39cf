"""The story by an external system: REST in, N40 through Celery, events and balances out."""

from __future__ import annotations

from tests.factories import GIGABYTE
from tests.journeys.conftest import Integrator, eventually

FLEX = {
    "price": "19.90",
    "currency": "EUR",
    "renewal": "30 days",
    "allowances": [
        {
            "name": "National data",
            "service": "data",
            "amount": 4 * GIGABYTE,
            "weight": 10,
            "thresholds": [{"name": "half", "percent": "50"}, {"name": "low", "percent": "20"}],
        },
        {"name": "Voice", "service": "voice", "amount": 600, "weight": 5},
    ],
    "rates": [{"service": "data", "price": "0.01", "per": 1024 * 1024}],
}


def test_an_external_system_lives_the_whole_story(integrator: Integrator) -> None:
    design_and_provision(integrator)
    assert integrator.balances("acc-1")["National data"]["available"] == 4 * GIGABYTE

    use_data(integrator, 2 * GIGABYTE)

    data = integrator.balances("acc-1")["National data"]
    assert (data["available"], data["reserved"], data["used"]) == (2 * GIGABYTE, 0, 2 * GIGABYTE)
    low = eventually(lambda: crossings(integrator), lambda found: len(found) == 1)[0]
    assert (low["payload"]["threshold"], low["payload"]["state"]) == ("half", "low")

    integrator.post("accounts/acc-1/topups/", {"service": "data", "amount": GIGABYTE,
                                               "reason": "goodwill"})  # fmt: skip
    assert integrator.balances("acc-1")["National data"]["available"] == 3 * GIGABYTE
    both = eventually(lambda: crossings(integrator), lambda found: len(found) == 2)
    assert both[0]["payload"]["state"] == "normal"

    use_the_rest_and_money(integrator)


def design_and_provision(integrator: Integrator) -> None:
    integrator.post("plans/", {"code": "flex", "name": "Flex"})
    integrator.post("plans/flex/versions/", FLEX)
    integrator.post("plans/flex/versions/1/publish/", {})
    (version,) = integrator.get("plans/flex/")["versions"]
    assert (version["number"], version["state"]) == (1, "published")
    integrator.post("accounts/", {"id": "acc-1", "name": "Lena Vogt", "plan": "flex"})
    integrator.post(
        "devices/",
        {"id": "dev-1", "account": "acc-1", "supi": "imsi-001010000000001",
         "gpsi": "msisdn-4915100000001"},
    )  # fmt: skip


def use_data(integrator: Integrator, octets: int) -> dict:
    """Use data on the emulated phone; its charging session once it is closed."""
    accepted = integrator.post(
        "devices/dev-1/usage/", {"service": "data", "volume": octets}, status=202
    )
    assert accepted["id"]
    before = {session["ref"] for session in sessions(integrator)}

    def latest() -> list[dict]:
        return [s for s in sessions(integrator) if s["state"] != "open"]

    found = eventually(latest, lambda closed: any(s["ref"] not in before for s in closed) or closed)
    return integrator.get(f"charging-sessions/{found[0]['ref']}/")


def sessions(integrator: Integrator) -> list[dict]:
    return integrator.get("charging-sessions/", device="dev-1")["results"]


def crossings(integrator: Integrator) -> list[dict]:
    return integrator.get("notifications/", account="acc-1", type="bucket.threshold_crossed")[
        "results"
    ]


def use_the_rest_and_money(integrator: Integrator) -> None:
    """3 GB are left; 4 GB are wanted: 1 GB at €0.01 a MB would cost €10.24, but €5.00 are there."""
    integrator.post("accounts/acc-1/topups/", {"amount": "5.00", "reason": "cash"})
    count = len(sessions(integrator))
    integrator.post("devices/dev-1/usage/", {"service": "data", "volume": 4 * GIGABYTE}, status=202)
    eventually(
        lambda: sessions(integrator),
        lambda found: len(found) > count and all(s["state"] != "open" for s in found),
    )
    balances = integrator.balances("acc-1")
    assert balances["National data"]["available"] == 0
    assert balances["Main balance"]["available"] == "0.00"
    detail = integrator.get(f"charging-sessions/{sessions(integrator)[0]['ref']}/")
    assert detail["cost"] == "5.00"
    assert detail["messages"][0]["operation"] == "create"
    told = " ".join(step["text"] for part in detail["explanation"] for step in part["steps"])
    assert "Main balance" in told
