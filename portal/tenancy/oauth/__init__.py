"""The token endpoint: OAuth2 client credentials, answered with short-lived signed tokens."""
