"""What makes a plan version or a rating group acceptable, one message a field.

The rules here are the only ones: the designer's fields, the API and the import all ask them.
"""

from plans.validation.fields import AMOUNT_MAX, NAME_MAX
from plans.validation.rating_groups import validate_rating_group
from plans.validation.versions import RESERVED_CODES, validate_for_publishing, validate_spec

__all__ = [
    "AMOUNT_MAX",
    "NAME_MAX",
    "RESERVED_CODES",
    "validate_for_publishing",
    "validate_rating_group",
    "validate_spec",
]
