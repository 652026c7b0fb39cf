"""Writing plans: drafts are saved and published here, and nowhere else.

The plan's row is locked first, then the version's: two people who publish or draft at once go
one after the other, and the later one is told what the earlier one did.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max

from notifications import outbox
from plans import examples, selectors
from plans.models import Plan, PlanVersion
from plans.rating_groups import create_default_rating_groups, save_rating_group
from plans.records import changed_parts, recorded
from plans.specs import RatingGroups, VersionSpec
from plans.validation import RESERVED_CODES, validate_for_publishing, validate_spec
from plans.writing import add_version, keep_keys, recorded_as_saved, rewrite
from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.scope import current_tenant
from portal.tenancy.validation import FieldError, Invalid, Taken

__all__ = [
    "DraftConflict",
    "DraftExists",
    "NotADraft",
    "NotPublished",
    "create_default_rating_groups",
    "create_draft",
    "create_plan",
    "discard_draft",
    "publish_version",
    "retire_version",
    "save_draft",
    "save_rating_group",
]

DESIGN = "plans.design"
PUBLISH = "plans.publish"


class NotADraft(Exception):
    """The version is frozen: published and retired versions never change."""

    def __init__(self, version: PlanVersion) -> None:
        super().__init__(f"{version} is {version.get_state_display().lower()} and never changes.")
        self.version = version


class NotPublished(Exception):
    """Only a published version can be retired."""

    def __init__(self, version: PlanVersion) -> None:
        super().__init__(f"{version} is not published.")
        self.version = version


class DraftConflict(Exception):
    """Somebody saved the draft after it was read; `version` is what is there now."""

    def __init__(self, version: PlanVersion) -> None:
        super().__init__(f"{version.updated_by or 'Somebody'} saved {version} in the meantime.")
        self.version = version


class DraftExists(Exception):
    """The plan already has a draft; there is one at a time."""

    def __init__(self, version: PlanVersion) -> None:
        super().__init__(f"{version} is already being worked on.")
        self.version = version


# ── plans and drafts ─────────────────────────────────────────────────────────────────────────


@transaction.atomic
def create_plan(
    *,
    code: str,
    name: str,
    description: str = "",
    spec: VersionSpec | None = None,
    actor: Actor,
    now: datetime,
) -> Plan:
    """A new plan with its first draft, v1. Raises Invalid, also for a code that is taken."""
    actor.require(DESIGN)
    plan = Plan(code=code, name=name.strip(), description=description.strip(), created_at=now)
    if code in RESERVED_CODES:
        raise Invalid.at("code", f"“{code}” is kept for a page of the portal; choose another.")
    groups = selectors.rating_groups()
    spec = spec or selectors.blank_spec()
    errors = [*_errors_of_plan(plan), *_errors_of(spec, groups, code)]
    if errors:
        raise Invalid(errors)
    try:
        with transaction.atomic():
            plan.save()
    except IntegrityError as error:
        raise Taken.at("code", f"The code “{code}” is taken.") from error
    version = add_version(plan, spec, groups, number=1, actor=actor, now=now)
    _audit("plan.created", version, actor, now, after={"name": plan.name, **recorded(spec)})
    return plan


@transaction.atomic
def create_draft(
    *, plan: Plan, actor: Actor, now: datetime, spec: VersionSpec | None = None
) -> PlanVersion:
    """The plan's next version, a copy of the published one unless `spec` says otherwise.

    Allowances keep their keys, so that a later migration knows which bucket becomes which. A
    draft that nobody has touched yet is filled instead of refused. Raises DraftExists, Invalid.
    """
    actor.require(DESIGN)
    _lock_plan(plan)
    draft = selectors.draft_version(plan)
    if draft is not None:
        if spec is None or draft.revision or not selectors.spec_of(draft).is_blank:
            raise DraftExists(draft)
        return save_draft(version=draft, spec=spec, revision=0, actor=actor, now=now)
    live = selectors.published_version(plan) or _newest(plan)
    if spec is None:
        spec = selectors.spec_of(live) if live else selectors.blank_spec()
    elif live is not None:
        spec = keep_keys(spec, selectors.spec_of(live))
    groups = selectors.rating_groups()
    errors = _errors_of(spec, groups, plan.code)
    if errors:
        raise Invalid(errors)
    version = add_version(plan, spec, groups, number=_next_number(plan), actor=actor, now=now)
    _audit("plan_version.drafted", version, actor, now, after=recorded(spec))
    return version


@transaction.atomic
def save_draft(
    *,
    version: PlanVersion,
    spec: VersionSpec,
    revision: int,
    name: str | None = None,
    description: str | None = None,
    actor: Actor,
    now: datetime,
) -> PlanVersion:
    """Replace what a draft says; returns it with its new revision.

    `revision` is the one the changes were made on. Saving what is already there changes nothing.
    Raises NotADraft, DraftConflict, Invalid.
    """
    actor.require(DESIGN)
    locked = _lock_version(version)
    if not locked.is_editable:
        raise NotADraft(locked)
    if locked.revision != revision:
        raise DraftConflict(locked)
    groups = selectors.rating_groups()
    plan = locked.plan
    plan_before = {"name": plan.name, "description": plan.description}
    plan.name = plan.name if name is None else name.strip()
    plan.description = plan.description if description is None else description.strip()
    errors = [*_errors_of_plan(plan), *_errors_of(spec, groups, plan.code)]
    if errors:
        raise Invalid(errors)
    before = {**plan_before, **recorded(selectors.spec_of(locked))}
    after = {"name": plan.name, "description": plan.description, **recorded_as_saved(spec, groups)}
    old, new = changed_parts(before, after)
    if not new:
        return locked
    plan.save(update_fields=["name", "description"])
    rewrite(locked, spec, groups, actor=actor, now=now)
    _audit("plan_version.saved", locked, actor, now, before=old, after=new)
    return selectors.find_version(plan.code, locked.number)


@transaction.atomic
def discard_draft(*, version: PlanVersion, actor: Actor, now: datetime) -> None:
    """Delete a draft; a plan left without any version goes with it. Raises NotADraft."""
    actor.require(DESIGN)
    locked = _lock_version(version)
    if not locked.is_editable:
        raise NotADraft(locked)
    plan = locked.plan
    _audit("plan_version.discarded", locked, actor, now, before=recorded(selectors.spec_of(locked)))
    locked.delete()
    if not PlanVersion.objects.filter(plan=plan).exists():
        plan.delete()


# ── publishing ───────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def publish_version(
    *, version: PlanVersion, actor: Actor, now: datetime, revision: int | None = None
) -> PlanVersion:
    """Freeze the draft and make it what new subscribers get; the version before is retired.

    Subscribers stay on the version they hold. With `revision`, only what was reviewed is
    published. Its examples must come true. Raises NotADraft, DraftConflict, Invalid.
    """
    actor.require(PUBLISH)
    locked = _lock_version(version)
    if not locked.is_editable:
        raise NotADraft(locked)
    if revision is not None and locked.revision != revision:
        raise DraftConflict(locked)
    spec = selectors.spec_of(locked)
    errors = validate_for_publishing(
        spec,
        rating_groups=selectors.rating_groups(),
        currency=current_tenant().currency,
        references=selectors.references(locked.plan.code),
    )
    if errors := errors or examples.failures_of(locked):
        raise Invalid(errors)
    retired = selectors.published_version(locked.plan)
    if retired is not None:
        _retire(retired, now)
    locked.state = PlanVersion.State.PUBLISHED
    locked.published_at = now
    locked.published_by = actor.name
    locked.fallback_versions = selectors.fallback_versions(locked.fallback_plans)
    locked.save(update_fields=["state", "published_at", "published_by", "fallback_versions"])
    outbox.record(
        "plan_version.published",
        subject_type="plan_version",
        subject_id=_subject(locked),
        occurred_at=now,
        payload={
            "plan": locked.plan.code,
            "name": locked.plan.name,
            "version": locked.number,
            "retired": retired.number if retired else None,
            "published_by": actor.name,
        },
    )
    _audit("plan_version.published", locked, actor, now, after={"state": locked.state})
    return locked


@transaction.atomic
def retire_version(*, version: PlanVersion, actor: Actor, now: datetime) -> PlanVersion:
    """Stop selling the published version; who holds it keeps it. Raises NotPublished."""
    actor.require(PUBLISH)
    locked = _lock_version(version)
    if locked.state != PlanVersion.State.PUBLISHED:
        raise NotPublished(locked)
    _retire(locked, now)
    _audit("plan_version.retired", locked, actor, now, after={"state": locked.state})
    return locked


def _retire(version: PlanVersion, now: datetime) -> None:
    version.state = PlanVersion.State.RETIRED
    version.retired_at = now
    version.save(update_fields=["state", "retired_at"])


# ── locking and numbering ────────────────────────────────────────────────────────────────────


def _lock_plan(plan: Plan) -> Plan:
    return Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)


def _lock_version(version: PlanVersion) -> PlanVersion:
    """The version as it is now, with plan and parts, while nobody else can change either."""
    plan = Plan.objects.select_for_update(no_key=True, of=("self",)).get(versions=version.pk)
    PlanVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    return selectors.find_version(plan.code, version.number)


def _newest(plan: Plan) -> PlanVersion | None:
    return selectors.with_parts(selectors.versions_of(plan)).first()


def _next_number(plan: Plan) -> int:
    newest = PlanVersion.objects.filter(plan=plan).aggregate(newest=Max("number"))["newest"]
    return (newest or 0) + 1


# ── checks and records ───────────────────────────────────────────────────────────────────────


def _errors_of(spec: VersionSpec, groups: RatingGroups, code: str) -> list[FieldError]:
    return validate_spec(
        spec,
        rating_groups=groups,
        currency=current_tenant().currency,
        references=selectors.references(code),
    )


def _errors_of_plan(plan: Plan) -> list[FieldError]:
    try:
        plan.clean_fields(exclude=["tenant"])
    except ValidationError as error:
        return [
            FieldError(path, "; ".join(messages)) for path, messages in error.message_dict.items()
        ]
    return []


def _subject(version: PlanVersion) -> str:
    return f"{version.plan.code}/v{version.number}"


def _audit(
    action: str,
    version: PlanVersion,
    actor: Actor,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit.record(
        action,
        actor=actor,
        subject_type="plan_version",
        subject_id=_subject(version),
        now=now,
        before=before,
        after=after,
    )
