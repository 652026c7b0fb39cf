"""Asking a process whether it is ready to serve."""

from __future__ import annotations

import http.client

from deploy.local.commands import LOOPBACK


def answers_ready(port: int) -> bool:
    """Whether GET /health/ready on a loopback port answers 200."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
