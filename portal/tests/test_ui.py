"""The template filters and the components, rendered."""

import re
from datetime import UTC, datetime

import pytest
from django import forms
from django.template import engines
from django_cotton.compiler_regex import CottonCompiler

from portal.templatetags import ui
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

MARKUP = "<img src=x onerror=alert(1)>"


def render(source: str, **context: object) -> str:
    """A piece of template as a page would render it, white space folded."""
    template = engines["django"].from_string(CottonCompiler().process(source))
    return re.sub(r"\s+", " ", template.render(context)).strip()


def test_amounts_follow_the_gigabyte_of_the_open_tenant() -> None:
    with tenant_scope(Tenant(gigabyte_base=1000)):
        assert ui.quantity(10**9, "OCTETS") == "1 GB"
    assert ui.quantity(2**30, "OCTETS") == "1 GB"


def test_a_time_of_another_day_has_its_date() -> None:
    now = datetime.now(UTC)
    with tenant_scope(Tenant(time_zone="UTC")):
        assert ui.recent(now) == f"{now:%H:%M}"
        assert ui.recent(datetime(2026, 3, 2, 9, 5, tzinfo=UTC)) == "2 Mar 09:05"


def test_an_amount_is_money_or_a_quantity_by_its_unit() -> None:
    source = '{% amount 4110000000 "NANO_MONEY" "EUR" %}, {% amount 252 "SECONDS" %}'

    assert render(source) == "€4.11, 4 min 12 s"


def test_what_is_not_there_reads_as_a_dash() -> None:
    assert render('{{ x|quantity:"OCTETS" }} {{ x|money:"EUR" }} {{ x|ago }}', x=None) == "– – –"


@pytest.mark.parametrize(
    ("state", "tone"),
    [("draft", "warn"), ("published", "good"), ("END_USER_SERVICE_DENIED", "bad"), ("retired", "")],
)
def test_a_state_has_a_tone(state: str, tone: str) -> None:
    assert ui.tone_of(state) == tone


def test_protocol_words_stay_as_they_are_on_the_wire() -> None:
    assert ui.words("QUOTA_LIMIT_REACHED") == "QUOTA_LIMIT_REACHED"
    assert ui.words("in_progress") == "In progress"


@pytest.mark.parametrize("value", [{"a": MARKUP}, f'{{"a": "{MARKUP}"}}', MARKUP, MARKUP.encode()])
def test_json_is_shown_without_running_what_is_in_it(value: object) -> None:
    assert "<img" not in ui.json_markup(value)


def test_json_keys_texts_numbers_and_words_are_told_apart() -> None:
    html = ui.json_markup({"final": False, "grant": [-1, "a: 2"]})

    assert '<span class="json-key">&quot;final&quot;</span>: ' in html
    assert '<span class="json-word">false</span>' in html
    assert '<span class="json-number">-1</span>' in html
    assert '<span class="json-text">&quot;a: 2&quot;</span>' in html


@pytest.mark.parametrize(
    "source",
    [
        '<c-button aria-label="{{ text }}">{{ text }}</c-button>',
        '<c-card title="{{ text }}" hint="{{ text }}">{{ text }}</c-card>',
        '<c-field name="n" label="{{ text }}" value="{{ text }}" error="{{ text }}" />',
        '<c-badge state="{{ text }}" />',
        '<c-diff :changes="changes" />',
        '<c-code :json="changes" />',
        '<c-depletion :data="chart" />',
        '<c-dialog title="{{ text }}">{{ text }}</c-dialog>',
    ],
)
def test_a_component_escapes_what_it_is_given(source: str) -> None:
    chart = {"series": [{"label": MARKUP, "service": "data"}]}

    html = render(source, text=MARKUP, changes=[{"field": MARKUP, "old": MARKUP}], chart=chart)

    assert "<img" not in html


class PlanForm(forms.Form):
    name = forms.CharField(label="Plan name", help_text="Shown to subscribers")


def test_a_refused_field_points_to_its_hint_and_its_error() -> None:
    html = render('<c-field :field="form.name" />', form=PlanForm({"name": ""}))

    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert '<label for="id_name"' in html


def test_the_error_summary_links_to_each_field() -> None:
    html = render('<c-form-errors :form="form" />', form=PlanForm({"name": ""}))

    assert re.search(r'<a href="#id_name"[^>]*>Plan name: This field is required\.</a>', html)


def test_a_form_without_errors_has_no_summary() -> None:
    assert render('<c-form-errors :form="form" />', form=PlanForm()) == ""


def test_a_meter_says_its_value_in_words_and_in_width() -> None:
    ticks = [{"percent": 20, "name": "Low", "low": True}]

    html = render(
        '<c-meter service="voice" :fill="16" :ticks="ticks" label="Voice" />', ticks=ticks
    )

    assert 'role="meter" aria-label="Voice"' in html
    assert 'aria-valuenow="16"' in html
    assert '<rect class="meter-fill" x="0" y="2" width="16%"' in html
    assert '<line class="meter-tick is-low" x1="20%"' in html


def test_a_quantity_offers_units_with_their_exact_factors() -> None:
    units = ui.formatting.unit_choices("OCTETS")

    html = render(
        '<c-quantity name="a" label="A" value="20" unit="GB" :units="units" />', units=units
    )

    assert '<option value="GB" data-factor="1073741824" selected>GB</option>' in html
    assert 'name="a_unit"' in html
