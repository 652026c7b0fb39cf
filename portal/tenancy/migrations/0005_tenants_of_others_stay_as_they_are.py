"""The portal reads every tenant, to find the one asked for, but changes that of the scope alone."""

from django.db import migrations

OWN_TENANT = """
ALTER TABLE tenancy_tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenancy_tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY find ON tenancy_tenant FOR SELECT TO csp_portal, csp_charger USING (true);
CREATE POLICY found ON tenancy_tenant FOR INSERT TO csp_portal WITH CHECK (true);
CREATE POLICY change_own ON tenancy_tenant FOR UPDATE TO csp_portal
    USING (id = tenancy_tenant_id()) WITH CHECK (id = tenancy_tenant_id());
CREATE POLICY owner ON tenancy_tenant TO CURRENT_USER USING (true) WITH CHECK (true);
"""

ANY_TENANT = """
DROP POLICY owner ON tenancy_tenant;
DROP POLICY change_own ON tenancy_tenant;
DROP POLICY found ON tenancy_tenant;
DROP POLICY find ON tenancy_tenant;
ALTER TABLE tenancy_tenant NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tenancy_tenant DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0004_no_top_up_over_n40")]

    operations = [migrations.RunSQL(OWN_TENANT, ANY_TENANT)]
