"""A charging function that does as it is told, for tests of the client over real HTTP/2.

Run by Granian in a process of its own. Tests put the answers of each operation into a queue and
read back what arrived:

    POST /script    {"create": [ANSWER, …], "update": […], "release": […]}
    GET  /received  [{"operation", "path", "headers", "body", "http_version"}, …]

ANSWER is {"status", "headers", "json" or "text", "delay" (seconds)}; the last one of an operation
is repeated. `token` in the script lists the access tokens that are accepted; POST /token issues
token-1, token-2, … or what `token_answers` says.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

script: dict[str, list[dict[str, Any]]] = {}
received: list[dict[str, Any]] = []
tokens_issued: list[str] = []


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body = await _read(receive)
    match scope["path"]:
        case "/script":
            script.clear()
            received.clear()
            tokens_issued.clear()
            script.update(json.loads(body))
            await _answer(send, {"status": 204})
        case "/received":
            await _answer(send, {"status": 200, "json": received})
        case "/token":
            await _answer(send, _issue_token(body))
        case path:
            await _answer(send, await _scripted(path, scope, body))


async def _scripted(path: str, scope: dict[str, Any], body: bytes) -> dict[str, Any]:
    last = path.rstrip("/").rpartition("/")[2]
    operation = last if last in ("update", "release") else "create"
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    received.append(
        {
            "operation": operation,
            "path": path,
            "headers": headers,
            "body": json.loads(body),
            "http_version": scope["http_version"],
        }
    )
    accepted = script.get("token")
    if accepted and headers.get("authorization") not in [f"Bearer {each}" for each in accepted]:
        return {"status": 401, "json": {"cause": "UNAUTHORIZED"}}
    queue = script.get(operation) or [{"status": 500}]
    answer = queue.pop(0) if len(queue) > 1 else queue[0]
    await asyncio.sleep(answer.get("delay", 0))
    return answer


def _issue_token(body: bytes) -> dict[str, Any]:
    tokens_issued.append(body.decode())
    number = len(tokens_issued)
    answers = script.get("token_answers")
    if answers:
        return answers[min(number, len(answers)) - 1]
    return {"status": 200, "json": {"access_token": f"token-{number}", "expires_in": 600}}


async def _read(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _answer(send: Any, answer: dict[str, Any]) -> None:
    content = json.dumps(answer["json"]) if "json" in answer else answer.get("text", "")
    headers = {"content-type": "application/json", **answer.get("headers", {})}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    status = answer["status"]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content.encode()})
