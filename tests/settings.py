"""The product's settings over the private servers of this test process."""

from tests.harness.environment import machine

machine().export()

from portal.settings import *  # noqa: E402, F403  after the environment is in place

# Passwords and secrets are hashed slowly on purpose; tests make hundreds of them.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
