"""Addresses below /settings/."""

from django.urls import path

from portal.pages.settings import audit_log, charger, home, lifecycle, operator, people, roles

urlpatterns = [
    path("", home.settings_home, name="settings"),
    path("people/", people.member_list, name="member-list"),
    path("people/new/", people.member_new, name="member-new"),
    path("people/<str:email>/role/", people.member_role, name="member-role"),
    path("people/<str:email>/remove/", people.member_remove, name="member-remove"),
    path("people/<str:email>/invitation/", people.member_invitation, name="member-invitation"),
    path("roles/", roles.role_list, name="role-list"),
    path("roles/new/", roles.role_new, name="role-new"),
    path("roles/<slug:code>/edit/", roles.role_edit, name="role-edit"),
    path("roles/<slug:code>/delete/", roles.role_delete, name="role-delete"),
    path("operator/", operator.operator_settings, name="operator-settings"),
    path("account-states/", lifecycle.lifecycle_settings, name="lifecycle-settings"),
    path("charging-function/", charger.charger_settings, name="charger-settings"),
    path("charging-function/test/", charger.charger_test, name="charger-test"),
    path("audit/", audit_log.audit_log, name="audit-log"),
]
