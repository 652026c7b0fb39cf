"""Passwords and secrets are hashed slowly on purpose; tests make hundreds of them."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """The product's hash in one round, which the product's processes can check too."""

    iterations = 1
