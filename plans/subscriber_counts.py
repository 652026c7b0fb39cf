"""How many subscribers hold each version: asked here, answered by the app that knows.

Subscribers are above plans, so they register their counter when the apps are ready.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

Counter = Callable[[Collection[int]], Mapping[int, int]]
"""Keys of versions → running plan subscriptions of the open scope's tenant; none may be absent."""

_registered: list[Counter] = []


def register_counter(counter: Counter) -> None:
    """Take the counter that answers from now on."""
    _registered[:] = [counter]


def subscriber_counts(version_keys: Collection[int]) -> dict[int, int]:
    """Running plan subscriptions of each version, 0 where there are none."""
    counted = _registered[0](version_keys) if _registered and version_keys else {}
    return {key: counted.get(key, 0) for key in version_keys}
