"""Pages about accounts and charging sessions, which mix subscribers, plans and charging."""
