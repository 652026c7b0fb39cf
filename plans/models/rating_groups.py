"""Rating groups: the charging keys by which the network reports usage."""

from __future__ import annotations

from typing import ClassVar, Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from plans.models.units import Service, Unit
from portal.tenancy.models import TenantOwned

UINT32_MAX: Final = 2**32 - 1


class RatingGroup(TenantOwned):
    """The Uint32 charging key by which the network reports usage (TS 32.291 RatingGroup)."""

    class Mode(models.TextChoices):
        ONLINE = "online", "Online: quota from balances"
        OFFLINE = "offline", "Offline: recorded only"

    class FinalUnitAction(models.TextChoices):
        TERMINATE = "TERMINATE", "End the service"
        REDIRECT = "REDIRECT", "Redirect to a page"
        RESTRICT_ACCESS = "RESTRICT_ACCESS", "Restrict access"

    number = models.BigIntegerField(
        validators=[MinValueValidator(0), MaxValueValidator(UINT32_MAX)]
    )
    name = models.CharField(max_length=80)
    service = models.CharField(max_length=8, choices=Service.choices)
    unit = models.CharField(max_length=12, choices=Unit.choices)
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.ONLINE)
    grant = models.BigIntegerField(validators=[MinValueValidator(1)])
    """Units of one grant when the network names no amount."""
    validity_time = models.PositiveIntegerField(default=3600)
    """Seconds a grant lives; 0 sends none."""
    holding_time = models.PositiveIntegerField(default=0)
    threshold_percent = models.PositiveSmallIntegerField(
        default=20, validators=[MaxValueValidator(99)]
    )
    final_unit_action = models.CharField(
        max_length=16, choices=FinalUnitAction.choices, default=FinalUnitAction.TERMINATE
    )
    redirect_address = models.URLField(blank=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", "number", name="rating_group_number_is_unique"),
            models.CheckConstraint(
                name="rating_group_number_is_uint32",
                condition=Q(number__gte=0) & Q(number__lte=UINT32_MAX),
            ),
            models.CheckConstraint(name="rating_group_grants_something", condition=Q(grant__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
