"""Plans and rating groups in JSON: what the API reads and what it answers."""

from plans.serializers.amounts import (
    AmountOrMoneyField,
    read_amount,
    spoken_amount,
    spoken_unit,
)
from plans.serializers.rating_groups import RatingGroupIn, RatingGroupOut, rating_group_spec
from plans.serializers.versions import (
    DraftIn,
    PlanIn,
    PlanOut,
    VersionIn,
    VersionOut,
    version_spec,
)

__all__ = [
    "AmountOrMoneyField",
    "DraftIn",
    "PlanIn",
    "PlanOut",
    "RatingGroupIn",
    "RatingGroupOut",
    "VersionIn",
    "VersionOut",
    "rating_group_spec",
    "read_amount",
    "spoken_amount",
    "spoken_unit",
    "version_spec",
]
