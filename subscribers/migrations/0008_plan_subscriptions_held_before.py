"""Plan subscriptions from before they renewed: over, or due when their period ends."""

from django.db import migrations

HELD_BEFORE = """
UPDATE subscribers_plansubscription SET state = 'ended' WHERE ends_at IS NOT NULL;
UPDATE subscribers_plansubscription SET due_at = period_ends_at WHERE ends_at IS NULL;
INSERT INTO subscribers_planperiod
    (tenant_id, plan_subscription_id, number, starts_at, ends_at, outcome, charged, retries, at)
SELECT tenant_id, id, 1, period_starts_at, period_ends_at, 'started', 0, 0, created_at
FROM subscribers_plansubscription;
"""


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0007_plan_subscriptions_renew")]

    operations = [migrations.RunSQL(HELD_BEFORE, migrations.RunSQL.noop)]
