"""The product's settings over the private servers of this test process."""

from tests.harness.environment import machine

machine().export()

from portal.settings import *  # noqa: E402, F403  after the environment is in place

PASSWORD_HASHERS = ["tests.harness.hashing.QuickHasher"]
