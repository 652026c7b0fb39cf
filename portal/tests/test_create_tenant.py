"""`manage.py create_tenant`: an operator ready to begin."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from plans.models import RatingGroup
from portal.tenancy.models import Membership, Tenant, User
from portal.tenancy.scope import tenant_scope


def create(*arguments: str) -> str:
    output = StringIO()
    call_command("create_tenant", *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.filterwarnings("ignore:No directory at")
def test_a_new_operator_has_rating_groups_roles_and_an_invited_administrator(db: None) -> None:
    said = create("fabrikam", "Fabrikam", "--admin", "boss@fabrikam.example", "--sandbox")

    tenant = Tenant.objects.get(slug="fabrikam")
    assert tenant.is_sandbox
    with tenant_scope(tenant):
        assert Membership.objects.get().role.code == "admin"
        assert RatingGroup.objects.filter(number=300).exists()
    link = re.search(r"/welcome/\S+", said)
    assert link is not None
    assert Client().get(link[0]).status_code == 200


def test_a_known_person_signs_in_as_before(northwind: Tenant) -> None:
    User.objects.create_user("ann@northwind.example", "a long enough phrase")

    said = create("fabrikam", "Fabrikam", "--admin", "ann@northwind.example")

    assert "signs in as before" in said


@pytest.mark.parametrize(
    ("slug", "admin", "said"),
    [("northwind", "a@b.example", "There is an operator"), ("x", "nobody", "valid email")],
)
def test_a_wrong_operator_is_refused_whole(
    northwind: Tenant, slug: str, admin: str, said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        create(slug, "Name", "--admin", admin)

    assert Tenant.objects.count() == 1
