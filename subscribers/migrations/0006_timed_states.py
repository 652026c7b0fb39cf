"""Which tenants have states that end by time: asked before any tenant's scope is open."""

from django.db import migrations

TIMED_STATES = """
CREATE FUNCTION subscribers_tenants_with_timed_states() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT DISTINCT tenant_id FROM subscribers_statetransition WHERE cause = 'time' $$;

REVOKE ALL ON FUNCTION subscribers_tenants_with_timed_states() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION subscribers_tenants_with_timed_states() TO csp_portal;
"""


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0005_accounts_together")]

    operations = [
        migrations.RunSQL(
            TIMED_STATES, "DROP FUNCTION subscribers_tenants_with_timed_states();"
        )
    ]
