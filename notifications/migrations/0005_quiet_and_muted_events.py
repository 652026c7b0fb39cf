"""Events that quiet hours hold back and paused thresholds keep to themselves."""

from django.db import migrations, models

TO_PUBLISH = """
CREATE OR REPLACE FUNCTION notifications_tenants_to_publish() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT DISTINCT tenant_id FROM notifications_notificationevent
   WHERE position IS NULL AND NOT is_muted AND (not_before IS NULL OR not_before <= now()) $$;
"""

ALL_TO_PUBLISH = """
CREATE OR REPLACE FUNCTION notifications_tenants_to_publish() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT DISTINCT tenant_id FROM notifications_notificationevent WHERE position IS NULL $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0004_webhook_public_id'),
        ('tenancy', '0006_numbering_and_zero_rating'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='notificationevent',
            name='events_to_publish',
        ),
        migrations.AddField(
            model_name='notificationevent',
            name='is_muted',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='notificationevent',
            name='not_before',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='notificationevent',
            index=models.Index(models.F('id'), condition=models.Q(('is_muted', False), ('position__isnull', True)), name='events_to_tell'),
        ),
        migrations.RunSQL(TO_PUBLISH, ALL_TO_PUBLISH),
    ]
