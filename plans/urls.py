"""Addresses under /plans/. Fixed ones first: a plan's code may be any other word."""

from django.urls import path

from plans.reference import addresses  # noqa: F401  registers <day:…>
from plans.views import catalogue, designer, destinations, publishing, rating_groups, zones

urlpatterns = [
    path("", catalogue.plan_list, name="plan-list"),
    path("new/", catalogue.plan_new, name="plan-new"),
    path("rating-groups/", rating_groups.rating_group_list, name="rating-groups"),
    path("rating-groups/new/", rating_groups.rating_group_new, name="rating-group-new"),
    path("rating-groups/<int:number>/", rating_groups.rating_group_edit, name="rating-group"),
    path("destinations/", destinations.destination_list, name="destination-list"),
    path("destinations/new/", destinations.destination_new, name="destination-new"),
    path("destinations/import/", destinations.destination_import, name="destination-import"),
    path(
        "destinations/groups/<str:code>/", destinations.destination_edit, name="destination-group"
    ),
    path(
        "destinations/groups/<str:code>/delete/",
        destinations.destination_delete,
        name="destination-delete",
    ),
    path("zones/", zones.zone_list, name="zone-list"),
    path("zones/new/", zones.zone_new, name="zone-new"),
    path("zones/all/<str:code>/", zones.zone_edit, name="zone"),
    path("zones/all/<str:code>/delete/", zones.zone_delete, name="zone-delete"),
    path("holidays/", zones.holiday_list, name="holiday-list"),
    path("holidays/<day:day>/delete/", zones.holiday_delete, name="holiday-delete"),
    path("rows/<slug:kind>/", designer.row, name="plan-row"),
    path("<slug:code>/", designer.plan_designer, name="plan-designer"),
    path("<slug:code>/save/", designer.save_draft, name="plan-save"),
    path("<slug:code>/validate/", designer.validate_field, name="plan-validate"),
    path("<slug:code>/preview/", designer.preview, name="plan-preview"),
    path("<slug:code>/review/", publishing.review, name="plan-review"),
    path("<slug:code>/draft/", publishing.new_draft, name="plan-draft"),
    path("<slug:code>/v<int:number>/", designer.plan_version, name="plan-version"),
    path(
        "<slug:code>/v<int:number>/preview/", designer.version_preview, name="plan-version-preview"
    ),
    path("<slug:code>/v<int:number>/publish/", publishing.publish, name="plan-publish"),
    path("<slug:code>/v<int:number>/retire/", publishing.retire, name="plan-retire"),
    path("<slug:code>/v<int:number>/discard/", publishing.discard, name="plan-discard"),
]
