"""Settings › API clients: the systems that may act for the operator, and with which scopes."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.tenancy import clients
from portal.tenancy.models import ApiClient
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.roles import CLIENT_SCOPES, PERMISSIONS
from portal.tenancy.validation import Invalid

_PERMISSION = "tenant.manage"
_SCOPES = [(name, PERMISSIONS[name]) for name in CLIENT_SCOPES]


class ClientForm(forms.Form):
    """A client's name and scopes; the services say what is wrong with them."""

    name = forms.CharField(
        help_text="The system that uses it, e.g. CRM or data warehouse.",
        error_messages={"required": "Give the client a name, e.g. the system that uses it."},
    )
    scopes = forms.MultipleChoiceField(
        choices=_SCOPES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one scope."},
    )

    def refuse(self, invalid: Invalid) -> None:
        """Show a service's errors at their fields."""
        for error in invalid.errors:
            self.add_error(error.path if error.path in self.fields else None, error.message)


@require_GET
@tenant_permission_required(_PERMISSION)
def client_list(request: TenantRequest) -> HttpResponse:
    """Every client with its scopes and when it last asked for a token."""
    context = {"clients": clients.list_clients(), "token_url": _token_url(request)}
    return render(request, "portal/api_clients.html", context)


@require_http_methods(["GET", "POST"])
@tenant_permission_required(_PERMISSION)
def client_new(request: TenantRequest) -> HttpResponse:
    """The dialog for a new client, then the one that shows its secret."""
    form = ClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            client, secret = clients.create_client(
                **form.cleaned_data, actor=request.actor, now=timezone.now()
            )
        except Invalid as invalid:
            form.refuse(invalid)
        else:
            return _show_secret(request, client, secret)
    return _form_dialog(request, form, client=None)


@require_http_methods(["GET", "POST"])
@tenant_permission_required(_PERMISSION)
def client_edit(request: TenantRequest, client_id: str) -> HttpResponse:
    """The dialog for another name or other scopes."""
    client = _client_or_404(client_id)
    form = ClientForm(request.POST or None, initial={"name": client.name, "scopes": client.scopes})
    if request.method == "POST" and form.is_valid():
        try:
            clients.change_client(
                client=client, **form.cleaned_data, actor=request.actor, now=timezone.now()
            )
        except Invalid as invalid:
            form.refuse(invalid)
        else:
            return _close_dialog(request, f"{client} is saved.")
    return _form_dialog(request, form, client=client)


@require_http_methods(["GET", "POST"])
@tenant_permission_required(_PERMISSION)
def client_secret(request: TenantRequest, client_id: str) -> HttpResponse:
    """Ask before replacing the secret, then show the new one."""
    client = _client_or_404(client_id)
    if request.method == "POST":
        secret = clients.rotate_secret(client=client, actor=request.actor, now=timezone.now())
        return _show_secret(request, client, secret)
    return _dialog(request, "portal/_dialog_api_client_rotate.html", {"client": client})


@require_http_methods(["GET", "POST"])
@tenant_permission_required(_PERMISSION)
def client_disable(request: TenantRequest, client_id: str) -> HttpResponse:
    """Ask before shutting a system out."""
    client = _client_or_404(client_id)
    if request.method == "POST":
        clients.disable_client(client=client, actor=request.actor, now=timezone.now())
        return _close_dialog(request, f"{client} is disabled; its tokens have ended.")
    return _dialog(request, "portal/_dialog_api_client_disable.html", {"client": client})


@require_POST
@tenant_permission_required(_PERMISSION)
def client_enable(request: TenantRequest, client_id: str) -> HttpResponse:
    """Let a system in again."""
    client = _client_or_404(client_id)
    clients.enable_client(client=client, actor=request.actor, now=timezone.now())
    return _close_dialog(request, f"{client} is enabled.")


def _client_or_404(client_id: str) -> ApiClient:
    client = ApiClient.objects.filter(client_id=client_id).first()
    if client is None:
        raise Http404("There is no API client of this id.")
    return client


def _form_dialog(
    request: TenantRequest, form: ClientForm, *, client: ApiClient | None
) -> HttpResponse:
    chosen = set(form["scopes"].value() or [])
    context = {
        "form": form,
        "client": client,
        "scopes": [(name, says, name in chosen) for name, says in _SCOPES],
    }
    status = 422 if form.is_bound else 200
    return _dialog(request, "portal/_dialog_api_client.html", context, status=status)


def _dialog(
    request: TenantRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A dialog for htmx; a plain visit goes to the page it opens on."""
    if not request.htmx:
        return redirect("api-clients")
    return render(request, template, context, status=status)


def _show_secret(request: TenantRequest, client: ApiClient, secret: str) -> HttpResponse:
    """The one answer that holds the secret; nobody may keep a copy of it."""
    context = {
        "client": client,
        "secret": secret,
        "token_url": _token_url(request),
        "clients": clients.list_clients(),
    }
    response = render(request, "portal/_dialog_api_client_secret.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _close_dialog(request: TenantRequest, text: str) -> HttpResponse:
    """The rows anew, the dialog gone, and a word about it."""
    context = {"clients": clients.list_clients()}
    response = render(request, "portal/_api_clients_changed.html", context)
    response["HX-Trigger"] = json.dumps({"dialog:close": {}, "toast": {"text": text}})
    return response


def _token_url(request: TenantRequest) -> str:
    return request.build_absolute_uri("/oauth/token/")
