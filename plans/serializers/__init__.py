"""Plans and rating groups in JSON: what the API reads and what it answers."""

from plans.serializers.amounts import (
    AmountOrMoneyField,
    read_amount,
    spoken_amount,
    spoken_unit,
)
from plans.serializers.overrides import OverridesIn, overrides_spec, spoken_overrides
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
    "OverridesIn",
    "PlanIn",
    "PlanOut",
    "RatingGroupIn",
    "RatingGroupOut",
    "VersionIn",
    "VersionOut",
    "overrides_spec",
    "rating_group_spec",
    "read_amount",
    "spoken_amount",
    "spoken_overrides",
    "spoken_unit",
    "version_spec",
]
