"""Which tenants have something to publish or to deliver: asked before any tenant's scope is open."""

from django.db import migrations

TENANTS_WITH_WORK = """
CREATE FUNCTION notifications_tenants_to_publish() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT DISTINCT tenant_id FROM notifications_notificationevent WHERE position IS NULL $$;

CREATE FUNCTION notifications_tenants_with_deliveries(at timestamptz) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT DISTINCT tenant_id FROM notifications_webhookdelivery
   WHERE state = 'pending' AND next_attempt_at <= at $$;

REVOKE ALL ON FUNCTION notifications_tenants_to_publish(),
    notifications_tenants_with_deliveries(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notifications_tenants_to_publish(),
    notifications_tenants_with_deliveries(timestamptz) TO csp_portal;
"""

NO_TENANTS_WITH_WORK = """
DROP FUNCTION notifications_tenants_to_publish();
DROP FUNCTION notifications_tenants_with_deliveries(timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_row_security")]

    operations = [migrations.RunSQL(TENANTS_WITH_WORK, NO_TENANTS_WITH_WORK)]
