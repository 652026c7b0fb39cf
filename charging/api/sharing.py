"""Hierarchies, shared groups and shared balances over REST."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from charging import services
from charging.api.accounts import BALANCES, AccountView
from charging.models import Bucket
from charging.refs import bucket_key
from charging.selectors.balances import balance_of
from charging.serializers import BalanceOut
from charging.services import sharing
from charging.sharing_serializers import (
    BucketChangeIn,
    GroupChangeIn,
    GroupIn,
    GroupOut,
    ParentIn,
    ParentOut,
)
from portal.api.problems import Conflict
from portal.api.views import TenantView
from portal.tenancy.validation import Invalid
from subscribers import sharing as circles
from subscribers.models import Account, SharedGroup
from subscribers.selectors import find_account

SHARING = "Sharing"


class ParentView(AccountView):
    permission, write_permission = "subscribers.view", "subscribers.manage"

    @extend_schema(
        tags=[SHARING],
        operation_id="parents_read",
        summary="Read an account's place in its hierarchy",
        responses=ParentOut,
    )
    def get(self, request: Request, id: str) -> Response:
        """Its parent, its children, and its caps on what the parent shares."""
        return Response(ParentOut(self.account(id)).data)

    @extend_schema(
        tags=[SHARING],
        operation_id="parents_replace",
        summary="Put an account below another",
        request=ParentIn,
        responses=ParentOut,
    )
    def put(self, request: Request, id: str) -> Response:
        """It may then draw on the shared balances of its parent, within its caps."""
        account, body = self.account(id), self.body(ParentIn)
        cause: dict[str, Any] = {"actor": self.actor, "now": timezone.now()}
        parent = _named(body["parent"], "parent") if body["parent"] is not None else None
        with _refusals(), transaction.atomic():
            sharing.set_parent(account=account, parent=parent, **cause)
            if parent is not None and "caps" in body:
                _set_caps(account, Bucket.Caps.PARENT, body["caps"], **cause)
        return Response(ParentOut(self.account(id)).data)


class GroupListView(TenantView):
    permission, write_permission = "subscribers.view", "subscribers.manage"

    @extend_schema(
        tags=[SHARING],
        operation_id="shared_groups_list",
        summary="List shared groups",
        responses=GroupOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Families and companies, the newest first."""
        self.query()
        return self.page(SharedGroup.objects.select_related("owner"), GroupOut)

    @extend_schema(
        tags=[SHARING],
        operation_id="shared_groups_create",
        summary="Start a shared group",
        request=GroupIn,
        responses={201: GroupOut},
    )
    def post(self, request: Request) -> Response:
        """The owner is its first member and the last to leave. Balances that are marked as shared
        are offered to all members, in the group's order."""
        body = self.body(GroupIn)
        cause: dict[str, Any] = {"actor": self.actor, "now": timezone.now()}
        members = body.pop("members", [])
        with _refusals(), transaction.atomic():
            owner = _named(body.pop("owner"), "owner")
            group = circles.create_group(owner=owner, **body, **cause)
            _set_members(group, members, **cause)
        return Response(GroupOut(group).data, status=201)


class GroupDetailView(TenantView):
    permission, write_permission = "subscribers.view", "subscribers.manage"

    def group(self, code: str) -> SharedGroup:
        return get_object_or_404(SharedGroup.objects.select_related("owner"), code=code)

    @extend_schema(
        tags=[SHARING],
        operation_id="shared_groups_read",
        summary="Read a shared group",
        responses=GroupOut,
    )
    def get(self, request: Request, code: str) -> Response:
        """Its members with their caps."""
        return Response(GroupOut(self.group(code)).data)

    @extend_schema(
        tags=[SHARING],
        operation_id="shared_groups_replace",
        summary="Change a shared group and its members",
        request=GroupChangeIn,
        responses=GroupOut,
    )
    def put(self, request: Request, code: str) -> Response:
        """Without `members` they stay as they are; with an empty list only the owner stays."""
        group, body = self.group(code), self.body(GroupChangeIn)
        cause: dict[str, Any] = {"actor": self.actor, "now": timezone.now()}
        members = body.pop("members", None)
        with _refusals(), transaction.atomic():
            group = circles.change_group(group=group, **body, **cause)
            if members is not None:
                _set_members(group, members, **cause)
        return Response(GroupOut(self.group(code)).data)


class BalanceDetailView(AccountView):
    permission, write_permission = "subscribers.view", "balances.adjust"

    def bucket(self, account: Account, ref: str) -> Bucket:
        return get_object_or_404(Bucket, account=account, pk=bucket_key(ref) or 0)

    @extend_schema(
        tags=[BALANCES],
        operation_id="balances_read",
        summary="Read a balance",
        responses=BalanceOut,
    )
    def get(self, request: Request, id: str, bucket: str) -> Response:
        """One bucket by its reference, expired or not."""
        account = self.account(id)
        return self._shown(account, self.bucket(account, bucket))

    @extend_schema(
        tags=[BALANCES],
        operation_id="balances_change",
        summary="Share or block a balance",
        request=BucketChangeIn,
        responses=BalanceOut,
    )
    def put(self, request: Request, id: str, bucket: str) -> Response:
        """What is not given stays as it is."""
        account, body = self.account(id), self.body(BucketChangeIn)
        found = self.bucket(account, bucket)
        with _refusals():
            changed = sharing.change_bucket(
                bucket=found, **body, actor=self.actor, now=timezone.now()
            )
        return self._shown(account, changed)

    def _shown(self, account: Account, bucket: Bucket) -> Response:
        context = {"currency": account.currency}
        return Response(BalanceOut(balance_of(bucket), context=context).data)


def _named(public_id: str, param: str) -> Account:
    found = find_account(public_id)
    if found is None:
        raise Invalid.at(param, "There is no account of this id.")
    return found


def _set_caps(account: Account, scope: str, caps: Sequence[dict[str, Any]], **cause: Any) -> None:
    """Exactly these caps, one a service."""
    wanted = {cap["service"]: cap["amount"] for cap in caps}
    held = sharing.caps_of(account).filter(caps=scope).values_list("service", flat=True)
    for service in {*wanted, *held}:
        sharing.set_cap(
            account=account, scope=scope, service=service, amount=wanted.get(service), **cause
        )


def _set_members(group: SharedGroup, members: Sequence[dict[str, Any]], **cause: Any) -> None:
    """Exactly these members beside the owner, who may be named for its caps."""
    wanted = {_named(one["account"], "members").pk: one for one in members}
    for gone in group.members.exclude(pk__in=[*wanted, group.owner_id]).order_by("pk"):
        sharing.leave_group(account=gone, **cause)
    for key, one in wanted.items():
        account = Account.objects.get(pk=key)
        circles.join_group(group=group, account=account, **cause)
        if "caps" in one:
            _set_caps(account, Bucket.Caps.GROUP, one["caps"], **cause)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except services.AccountTerminated as error:
        raise Conflict("The account is terminated.") from error
