from __future__ import annotations

import asyncio

import pytest

from charging.client.tokens import ClientCredentials, StaticToken, TokenError


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


async def test_a_static_token_cannot_be_replaced():
    tokens = StaticToken("secret")

    assert await tokens.token() == "secret"
    assert await tokens.replacement("secret") is None


async def test_a_token_is_kept_until_shortly_before_it_expires(chf):
    clock = Clock()
    tokens = ClientCredentials(f"{chf.url}/token", "id", "secret", monotonic=clock)

    assert await tokens.token() == "token-1"
    clock.seconds += 569
    assert await tokens.token() == "token-1"
    clock.seconds += 1
    assert await tokens.token() == "token-2"


async def test_many_sessions_that_ask_at_once_fetch_one_token(chf):
    tokens = ClientCredentials(f"{chf.url}/token", "id", "secret")

    assert set(await asyncio.gather(*(tokens.token() for _ in range(20)))) == {"token-1"}


async def test_many_sessions_whose_token_was_rejected_fetch_one_replacement(chf):
    tokens = ClientCredentials(f"{chf.url}/token", "id", "secret")
    first = await tokens.token()

    replaced = await asyncio.gather(*(tokens.replacement(first) for _ in range(20)))

    assert set(replaced) == {"token-2"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 401, "json": {"error": "invalid_client"}}, "answered 401 invalid_client"),
        ({"status": 500, "text": "oops"}, "answered 500"),
        ({"status": 200, "text": "oops"}, "answered 200"),
        ({"status": 200, "json": {"expires_in": 5}}, "no usable access_token"),
        ({"status": 200, "json": {"access_token": "t", "expires_in": "x"}}, "no usable"),
    ],
)
async def test_a_token_that_is_not_given_is_explained(chf, answer, reason: str):
    chf.script(token_answers=[answer])

    with pytest.raises(TokenError, match=reason):
        await ClientCredentials(f"{chf.url}/token", "id", "secret").token()


async def test_a_token_endpoint_that_is_away_is_explained():
    with pytest.raises(TokenError, match="cannot be reached"):
        await ClientCredentials("http://127.0.0.1:1/token", "id", "secret").token()
