"""What else a version holds: the time bands its terms name, and the examples it must pass."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from plans.models.versions import PlanVersion
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantOwned


class TimeBand(TenantOwned):
    """Hours of the week or year that conditions name by code, in the account's wall time.

    `windows` and `closed` are plain specs (plans/stored.py): open while one of the windows is and
    none of those that close it.
    """

    version = TenantForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="bands")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    windows = models.JSONField(default=list)
    closed = models.JSONField(default=list, blank=True)

    class Meta(TenantOwned.Meta):
        ordering = ("pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                "version", "code", name="time_band_code_is_unique_in_its_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.version}"


class PlanExample(TenantOwned):
    """A rating case (`rating-cases/1`) of the version, run before it is published."""

    version = TenantForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="examples")
    title = models.CharField(max_length=200)
    case = models.JSONField()

    class Meta(TenantOwned.Meta):
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.title} of {self.version}"
