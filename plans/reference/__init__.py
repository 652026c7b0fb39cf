"""What the world around an operator is like: numbering plans, roaming zones, holidays.

It changes without any plan changing, so it is no part of frozen versions: plans name destination
groups and zones by their codes, and what those hold counts from the moment it is imported
(docs/decisions/0040-reference-data-is-not-frozen.md).
"""
