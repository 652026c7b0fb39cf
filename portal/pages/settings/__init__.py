"""Settings of an operator: its people, roles, own facts, charging function and audit log."""
