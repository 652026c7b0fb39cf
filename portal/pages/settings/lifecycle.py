"""Settings › Account states: what accounts of each state may do, and what leads on."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest
from portal.tenancy.validation import Invalid
from subscribers.lifecycle import (
    DAYS_MAX,
    METERED,
    Cause,
    Lifecycle,
    Rule,
    State,
    Transition,
    change_lifecycle,
    lifecycle_of,
)

SPARE_ROWS: Final = 2
_ANY: Final = ("", "–")


class StateForm(forms.Form):
    """What accounts of one state may do."""

    services = forms.MultipleChoiceField(
        choices=[(each.value, each.label) for each in METERED],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    may_top_up = forms.BooleanField(required=False)
    may_buy = forms.BooleanField(required=False)

    def rule(self) -> Rule:
        services = frozenset(self.cleaned_data["services"])
        return Rule(
            services=None if services == set(METERED) else services,
            may_top_up=self.cleaned_data["may_top_up"],
            may_buy=self.cleaned_data["may_buy"],
        )


class TransitionForm(forms.Form):
    """One way from a state to another; an empty row is none."""

    state = forms.ChoiceField(choices=[_ANY, *State.choices], required=False)
    cause = forms.ChoiceField(choices=[_ANY, *Cause.choices], required=False)
    after_days = forms.IntegerField(min_value=1, max_value=DAYS_MAX, required=False)
    to = forms.ChoiceField(choices=[_ANY, *State.choices], required=False)

    @property
    def is_empty(self) -> bool:
        return not any(self.cleaned_data.get(name) for name in ("state", "cause", "to"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.is_empty:
            for name in ("state", "cause", "to"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, "Choose one, or empty the row.")
        return data

    def transition(self) -> Transition:
        data = self.cleaned_data
        return Transition(
            state=data["state"],
            cause=data["cause"],
            to=data["to"],
            after_days=data["after_days"] if data["cause"] == Cause.TIME else None,
        )


class LifecycleForm(forms.Form):
    """Where accounts begin; the states and transitions are forms of their own."""

    begin = forms.ChoiceField(
        label="New accounts are",
        choices=[(state.value, state.label) for state in (State.ACTIVE, State.PRE_ACTIVE)],
    )


@require_http_methods(["GET", "POST"])
@tenant_permission_required("tenant.manage")
def lifecycle_settings(request: TenantRequest) -> HttpResponse:
    """Every state with what it may do, and the transitions; saved all at once."""
    saved = lifecycle_of(request.tenant)
    typed = request.POST if request.method == "POST" else None
    form = LifecycleForm(typed, initial={"begin": saved.initial})
    states = {state: _state_form(saved, state, typed) for state in State if _is_open(state)}
    rows = _transition_forms(saved, typed)
    if typed is not None and all(one.is_valid() for one in (form, *states.values(), *rows)):
        wanted = Lifecycle(
            initial=form.cleaned_data["begin"],
            rules=dict(saved.rules) | {state: one.rule() for state, one in states.items()},
            transitions=tuple(row.transition() for row in rows if not row.is_empty),
        )
        try:
            change_lifecycle(lifecycle=wanted, actor=request.actor, now=timezone.now())
        except Invalid as invalid:
            for error in invalid.errors:
                form.add_error(None, error.message)
        else:
            messages.success(request, "The states of accounts are saved.")
            return redirect("lifecycle-settings")
    refused = typed is not None
    context = {"form": form, "states": list(states.items()), "rows": rows}
    status = 422 if refused else 200
    return render(request, "portal/settings/lifecycle.html", context, status=status)


def _is_open(state: State) -> bool:
    """A terminated account may do nothing, whatever the operator says."""
    return state != State.TERMINATED


def _state_form(saved: Lifecycle, state: State, typed: Any) -> StateForm:
    rule = saved.rules[state]
    services = sorted(METERED if rule.services is None else rule.services)
    initial = {"services": services, "may_top_up": rule.may_top_up, "may_buy": rule.may_buy}
    return StateForm(typed, prefix=state.value, initial=initial)


def _transition_forms(saved: Lifecycle, typed: Any) -> list[TransitionForm]:
    """One for each there is, and spare ones."""
    known = [
        {"state": one.state, "cause": one.cause, "after_days": one.after_days, "to": one.to}
        for one in saved.transitions
    ]
    count = max(len(known) + SPARE_ROWS, _typed_rows(typed))
    rows = known + [{}] * (count - len(known))
    return [
        TransitionForm(typed, prefix=f"row-{place}", initial=row) for place, row in enumerate(rows)
    ]


def _typed_rows(typed: Any) -> int:
    """How many rows were sent; no more than there can be of them."""
    if typed is None:
        return 0
    most = len(State) * len(Cause)
    return next((place for place in range(most) if f"row-{place}-to" not in typed), most)
