"""Settings, all from the environment; wrong values fail at the start (portal/checks.py)."""

from __future__ import annotations

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from portal import database

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ.get("ENVIRONMENT", "development")
IS_PRODUCTION = ENVIRONMENT == "production"
DEVELOPMENT_SECRET_KEY = "development-only-not-a-secret-0123456789abcdefghijklmnopqrstuvwxyz"

DEBUG = os.environ.get("DEBUG", "0") == "1"
DEMO = os.environ.get("DEMO", "0") == "1"
SECRET_KEY = os.environ.get("SECRET_KEY") or DEVELOPMENT_SECRET_KEY
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "" if IS_PRODUCTION else "*").split(",")
VAR_DIR = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var").resolve()
PORT = int(os.environ.get("PORT", "8000"))
CHF_PORT = int(os.environ.get("CHF_PORT", "7777"))
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
CHF_URL = os.environ.get("CHF_URL", f"http://127.0.0.1:{CHF_PORT}")
CHARGER_NETWORKS = [
    ip_network(text) for text in os.environ.get("CHARGER_NETWORKS", "").split(",") if text
]

INSTALLED_APPS = [
    "portal.tenancy",
    "notifications",
    "plans",
    "subscribers",
    "charging",
    "portal",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "oauth2_provider",
    "django_htmx",
    "csp",
    "template_partials.apps.SimpleAppConfig",
    "django_cotton.apps.SimpleAppConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.nul.RefuseNul",
    "portal.tenancy.middleware.TenantMiddleware",
]

ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"

_LOADERS: list[Any] = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
if not DEBUG:
    _LOADERS = [("django.template.loaders.cached.Loader", _LOADERS)]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [("template_partials.loader.Loader", _LOADERS)],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "portal.templatetags.ui",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.pages.navigation.shell",
            ],
        },
    },
]

DATABASES = {"default": database.django_settings(os.environ.get("DATABASE_ROLE", "portal"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "portal",
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 55
CELERY_TASK_TIME_LIMIT = 60
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300, "health_check_interval": 10}
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "carry emulated sessions on": {
        "task": "charging.tasks.sweep_emulation",
        "schedule": 1.0,
        "options": {"expires": 1.0},
    },
    "expire what is left of balances past their end": {
        "task": "charging.tasks.sweep_expired_buckets",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "move accounts out of states they may be in for a time only": {
        "task": "charging.tasks.move_overdue_accounts",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "begin, renew and end plan subscriptions": {
        "task": "charging.tasks.sweep_plan_subscriptions",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "publish events that nobody published": {
        "task": "notifications.tasks.sweep_outbox",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "deliver webhooks that are due": {
        "task": "notifications.tasks.sweep_deliveries",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
}

EMULATOR_PACE_SECONDS = float(os.environ.get("EMULATOR_PACE_SECONDS", "0.15"))
"""Pause of an emulated phone between two messages, so that people can follow."""

AUTH_USER_MODEL = "tenancy.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign-in"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [path for path in [BASE_DIR / "assets" / "dist"] if path.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
WHITENOISE_AUTOREFRESH = not IS_PRODUCTION  # a rebuilt bundle has another length

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
    }
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_PRODUCTION else None
SECURE_SSL_REDIRECT = IS_PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 31_536_000 if IS_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_PRODUCTION
SECURE_HSTS_PRELOAD = IS_PRODUCTION
SESSION_COOKIE_SECURE = IS_PRODUCTION
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = IS_PRODUCTION
CSRF_TRUSTED_ORIGINS = [
    origin for origin in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if origin
]
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.tenancy.authentication.TenantAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["portal.tenancy.permissions.TenantPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsing.ExactJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "portal.api.paging.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "portal.api.schema.TenantSchema",
    "EXCEPTION_HANDLER": "portal.api.problems.problem_json",
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Charging portal API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "AccountState": "subscribers.models.Account.State",
        "AllowanceService": "plans.models.units.ALLOWANCE_SERVICES",
        "BalanceState": ["normal", "low", "exhausted"],
        "ChargingSessionState": "charging.models.ChargingSession.State",
        "ChargingSessionKind": "charging.models.ChargingSession.Kind",
        "DeviceState": "subscribers.models.Device.State",
        "LedgerEntryKind": "charging.models.LedgerEntry.Kind",
        "JobState": "charging.models.emulation.JobState",
        "MeteredService": ["voice", "sms", "data"],
        "PlanPeriodOutcome": "subscribers.models.PlanPeriod.Outcome",
        "PlanSubscriptionState": "subscribers.models.PlanSubscription.State",
        "PlanVersionState": "plans.models.PlanVersion.State",
        "Service": "plans.models.Service",
        "SharedGroupOrder": "subscribers.models.SharedGroup.Order",
        "ThresholdState": ["low", "normal"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "portal.api.schema.add_problem",
    ],
}
OAUTH2_PROVIDER_APPLICATION_MODEL = "tenancy.ApiClient"
OAUTH2_PROVIDER: dict[str, Any] = {
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.BackendApplicationServer",
    "OAUTH2_VALIDATOR_CLASS": "portal.tenancy.oauth.validator.ClientCredentialsValidator",
    "ACCESS_TOKEN_GENERATOR": "portal.tenancy.oauth.validator.signed_token",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 900,
    # Of what the toolkit can do only client credentials are served; the rest stays shut.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
}


def _token_key() -> str:
    """The private key from the environment; development makes one for itself under VAR_DIR."""
    given = os.environ.get("TOKEN_SIGNING_KEY", "")
    path = VAR_DIR / "keys" / "token-signing.pem"
    if given or IS_PRODUCTION:
        return given
    if not path.exists():
        from portal.tenancy.tokens import generate_key

        generate_key(path)
    return path.read_text()


TOKEN_SIGNING_KEY = _token_key()
TOKEN_PUBLIC_KEY = os.environ.get("TOKEN_PUBLIC_KEY", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},  # a line for every request of the emulator
        "celery.worker.strategy": {"level": "WARNING"},  # two for every sweep, each second
        "celery.app.trace": {"level": "WARNING"},
    },
}
