"""Signing in and out, choosing the operator to act for, and one's own password."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal.tenancy.middleware import SESSION_KEY
from portal.tenancy.models import User
from portal.tenancy.permissions import public, sign_in_required
from portal.tenancy.rate_limit import RateLimit, RateLimited

FAILURES: Final = RateLimit(name="sign-in-failures", most=5, seconds=300)
"""Wrong passwords for one e-mail address from one network address."""

DEMO_USERS: Final = ("admin@northwind.example", "pm@northwind.example", "support@northwind.example")


class SignInForm(forms.Form):
    """Whoever is refused is not told which of the two was wrong."""

    email = forms.EmailField(
        label="E-mail",
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form; the right password leads to where the person wanted to go."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(_next_page(request))
    form = SignInForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                user = _authenticated(request, **form.cleaned_data)
            except RateLimited as limited:
                status = 429
                form.add_error(None, _come_back_later(limited.retry_after))
            else:
                if user is not None:
                    login(request, user)
                    return HttpResponseRedirect(_next_page(request))
                form.add_error(None, "The e-mail address or the password is wrong.")
    context = {
        "form": form,
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "demo_users": DEMO_USERS if settings.DEMO else (),
    }
    return render(request, "registration/sign_in.html", context, status=status)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, here and on its open sockets."""
    logout(request)
    return redirect("sign-in")


@sign_in_required
@require_POST
def switch_tenant(request: HttpRequest) -> HttpResponse:
    """Act for another of one's own operators from now on."""
    wanted = request.POST.get("tenant", "")
    own = getattr(request, "own_tenants", [])
    tenant = next((tenant for tenant in own if tenant.slug == wanted), None)
    if tenant is None:
        return render(request, "404.html", status=404)
    request.session[SESSION_KEY] = tenant.pk
    messages.success(request, f"You are acting for {tenant.name} now.")
    return redirect("overview")


@sign_in_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """A new password for oneself; other sessions of the person end."""
    assert isinstance(request.user, User)
    form = PasswordChangeForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, form.user)
        messages.success(request, "Your password is changed.")
        return redirect("overview")
    status = 422 if form.errors else 200
    return render(request, "registration/change_password.html", {"form": form}, status=status)


def _authenticated(request: HttpRequest, *, email: str, password: str) -> User | None:
    """The person, or None. Raises RateLimited after too many wrong passwords."""
    now = timezone.now()
    caller = (email.lower(), request.META.get("REMOTE_ADDR", ""))
    FAILURES.check(*caller, now=now)
    user: Any = authenticate(request, username=email, password=password)
    if user is None:
        FAILURES.count(*caller, now=now)
    return user


def _come_back_later(seconds: int) -> str:
    minutes = max(1, -(-seconds // 60))
    unit = "minute" if minutes == 1 else "minutes"
    return f"Too many wrong passwords. Try again in {minutes} {unit}."


def _next_page(request: HttpRequest) -> str:
    """Where the person was going, if that is on this site; else the overview."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)
