"""Pages that belong to no single app: sign-in, navigation, health, search, style guide."""
