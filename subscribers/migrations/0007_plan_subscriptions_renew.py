"""Plan subscriptions that renew, wait, lapse and change, and the run log of their periods."""

import django.core.validators
import django.db.models.deletion
import portal.tenancy.fields
import uuid
from django.db import migrations, models
from portal.tenancy.operations import AddCompositeKey, SecureTenantTable

DUE = """
-- Which tenants have plan subscriptions to look at: asked before any scope is open.
CREATE FUNCTION subscribers_tenants_with_due_plans(at timestamptz) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT t.id FROM tenancy_tenant t
   WHERE EXISTS (SELECT FROM subscribers_plansubscription s
                 WHERE s.tenant_id = t.id AND s.due_at <= at)
      OR (t.is_sandbox AND EXISTS (
            SELECT FROM subscribers_account a
            JOIN subscribers_plansubscription s ON s.account_id = a.id
            WHERE a.tenant_id = t.id AND a.clock_offset <> 0
              AND s.due_at <= at + a.clock_offset * interval '1 second')) $$;
REVOKE ALL ON FUNCTION subscribers_tenants_with_due_plans(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION subscribers_tenants_with_due_plans(timestamptz) TO csp_portal;

-- The charger sees the first use; the renewal sweep does what follows from it.
GRANT UPDATE (first_used_at, due_at) ON subscribers_plansubscription TO csp_charger;
"""

NOT_DUE = """
REVOKE UPDATE (first_used_at, due_at) ON subscribers_plansubscription FROM csp_charger;
DROP FUNCTION subscribers_tenants_with_due_plans(timestamptz);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('plans', '0002_row_security'),
        ('subscribers', '0006_timed_states'),
        ('tenancy', '0005_tenants_of_others_stay_as_they_are'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlanPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('outcome', models.CharField(choices=[('started', 'Started'), ('renewed', 'Renewed'), ('missed', 'Missed'), ('lapsed', 'Lapsed')], max_length=8)),
                ('charged', models.BigIntegerField(default=0)),
                ('retries', models.PositiveSmallIntegerField(default=0)),
                ('at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
                'default_manager_name': 'objects',
            },
        ),
        migrations.RemoveIndex(
            model_name='plansubscription',
            name='plan_subscriptions_to_renew',
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='charges_first_period',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='due_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='end_reason',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='first_used_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='grace_ends_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='next_leftovers',
            field=models.CharField(blank=True, choices=[('expire', 'Expire'), ('keep', 'Stay until they would have ended'), ('carry_over', "Move into the new plan's balances")], max_length=10),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='next_quantity',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='next_version',
            field=portal.tenancy.fields.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.planversion'),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='overrides',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='overrides_hash',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='period_number',
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='public_id',
            field=models.UUIDField(default=uuid.uuid4, null=True),
        ),
        migrations.RunSQL(
            "UPDATE subscribers_plansubscription SET public_id = gen_random_uuid()",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='plansubscription',
            name='public_id',
            field=models.UUIDField(default=uuid.uuid4, unique=True),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='quantity',
            field=models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1)]),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='retries',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='scheduled',
            field=models.CharField(blank=True, choices=[('', 'Nothing'), ('cancel', 'Ends with the period'), ('change', 'Changes at renewal')], default='', max_length=8),
        ),
        migrations.AddField(
            model_name='plansubscription',
            name='state',
            field=models.CharField(choices=[('pending', 'Waits for first use'), ('active', 'Active'), ('grace', 'In grace'), ('lapsed', 'Lapsed'), ('ended', 'Ended')], default='active', max_length=8),
        ),
        migrations.AddIndex(
            model_name='plansubscription',
            index=models.Index(models.F('tenant'), models.F('due_at'), condition=models.Q(('due_at__isnull', False)), name='plan_subscriptions_due'),
        ),
        migrations.AddConstraint(
            model_name='plansubscription',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['lapsed', 'ended']), _negated=True), ('ends_at__isnull', False), _connector='OR'), name='plan_subscription_over_says_when'),
        ),
        migrations.AddConstraint(
            model_name='plansubscription',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('scheduled', 'change'), _negated=True), ('next_version__isnull', False), _connector='OR'), name='plan_subscription_change_names_a_version'),
        ),
        migrations.AddConstraint(
            model_name='plansubscription',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='plan_subscription_is_of_some'),
        ),
        migrations.AddField(
            model_name='planperiod',
            name='plan_subscription',
            field=portal.tenancy.fields.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='periods', to='subscribers.plansubscription'),
        ),
        migrations.AddField(
            model_name='planperiod',
            name='tenant',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.tenant'),
        ),
        migrations.AddConstraint(
            model_name='planperiod',
            constraint=models.UniqueConstraint(models.F('plan_subscription'), models.F('number'), name='one_run_per_period_of_a_plan_subscription'),
        ),
        SecureTenantTable("PlanPeriod", append_only=True, charger=""),
        AddCompositeKey("PlanSubscription", "next_version"),
        migrations.RunSQL(DUE, NOT_DUE),
    ]
