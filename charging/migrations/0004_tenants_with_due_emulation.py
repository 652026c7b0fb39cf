"""Which tenants have emulated sessions or bursts to carry on: asked before any scope is open."""

from django.db import migrations

DUE_EMULATION = """
CREATE FUNCTION charging_tenants_with_due_emulation(at timestamptz) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT tenant_id FROM charging_emulatedsession
   WHERE state IN ('queued', 'running') AND next_action_at <= at
   UNION
   SELECT tenant_id FROM charging_burst
   WHERE state IN ('queued', 'running') AND lease_until <= at $$;

REVOKE ALL ON FUNCTION charging_tenants_with_due_emulation(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION charging_tenants_with_due_emulation(timestamptz) TO csp_portal;
"""


class Migration(migrations.Migration):
    dependencies = [("charging", "0003_create_key_fingerprint")]

    operations = [
        migrations.RunSQL(
            DUE_EMULATION, "DROP FUNCTION charging_tenants_with_due_emulation(timestamptz);"
        )
    ]
