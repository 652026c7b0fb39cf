"""Endpoints that need more than one app: accounts with their balances, usage, sessions."""
