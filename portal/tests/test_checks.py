"""A production that would be unsafe does not start."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from deploy.local.commands import ROOT
from portal.celery import end_unsafe_process
from portal.checks import production_is_safe
from tests.harness.environment import machine

SAFE = {
    "IS_PRODUCTION": True,
    "DEMO": False,
    "SECRET_KEY": "x" * 50,
    "DEBUG": False,
    "ALLOWED_HOSTS": ["portal.example"],
    "TOKEN_SIGNING_KEY": "a key",
}


@pytest.fixture
def production(settings: Settings) -> Settings:
    for name, value in SAFE.items():
        setattr(settings, name, value)
    return settings


def test_a_safe_production_has_nothing_to_complain_about(production: Settings) -> None:
    assert production_is_safe(None) == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("DEMO", True, "portal.E001"),
        ("DEBUG", True, "portal.E003"),
        ("ALLOWED_HOSTS", ["*"], "portal.E004"),
        ("ALLOWED_HOSTS", [""], "portal.E004"),
        ("TOKEN_SIGNING_KEY", "", "portal.E005"),
    ],
)
def test_an_unsafe_setting_is_named_with_what_to_do(
    production: Settings, name: str, value: object, code: str
) -> None:
    setattr(production, name, value)

    (error,) = production_is_safe(None)

    assert error.id == code
    assert error.hint


def test_the_development_key_is_refused(production: Settings) -> None:
    production.SECRET_KEY = production.DEVELOPMENT_SECRET_KEY

    assert [error.id for error in production_is_safe(None)] == ["portal.E002"]


def test_all_of_it_at_once_is_told_at_once(production: Settings) -> None:
    production.DEMO = production.DEBUG = True

    assert len(production_is_safe(None)) == 2


def test_development_may_be_all_of_that(settings: Settings) -> None:
    settings.IS_PRODUCTION = False
    settings.DEMO = settings.DEBUG = True

    assert production_is_safe(None) == []


def test_the_demo_is_not_made_in_production(production: Settings) -> None:
    with pytest.raises(CommandError, match="not in production"):
        call_command("demo")


def test_the_portal_does_not_serve_an_unsafe_production() -> None:
    """Granian loads the application without any command that would run the checks."""
    environment = machine().process_environment(ENVIRONMENT="production", DEMO="1")

    loading = subprocess.run(
        [sys.executable, "-c", "import portal.asgi"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert loading.returncode == 3
    assert "DEMO is on." in loading.stderr


def test_workers_and_beat_do_not_work_for_an_unsafe_production(production: Settings) -> None:
    production.DEMO = True

    with pytest.raises(SystemExit, match="DEMO is on"):
        end_unsafe_process()


def test_workers_and_beat_start_in_a_safe_production(production: Settings) -> None:
    end_unsafe_process()
