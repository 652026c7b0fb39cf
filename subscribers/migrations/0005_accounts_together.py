"""Hierarchies and shared groups of accounts, and what each state may do."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import portal.tenancy.fields
from django.db import migrations, models
from portal.tenancy.operations import AddCompositeKey, SecureTenantTable

TOGETHER = """
CREATE FUNCTION subscribers_account_together() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM subscribers_account
        WHERE id = NEW.parent_id AND currency <> NEW.currency
    ) OR EXISTS (
        SELECT 1 FROM subscribers_sharedgroup g JOIN subscribers_account a ON a.id = g.owner_id
        WHERE g.id = NEW.shared_group_id AND a.currency <> NEW.currency
    ) THEN
        RAISE EXCEPTION 'accounts that share have one currency' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER subscribers_account_together BEFORE INSERT OR UPDATE OF parent_id, shared_group_id
    ON subscribers_account FOR EACH ROW EXECUTE FUNCTION subscribers_account_together();

UPDATE subscribers_account SET state_changed_at = created_at;
GRANT UPDATE (state, state_changed_at) ON subscribers_account TO csp_charger;
"""

NOT_TOGETHER = """
REVOKE UPDATE (state, state_changed_at) ON subscribers_account FROM csp_charger;
DROP TRIGGER subscribers_account_together ON subscribers_account;
DROP FUNCTION subscribers_account_together();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('subscribers', '0004_search_by_last_digits'),
        ('tenancy', '0005_tenants_of_others_stay_as_they_are'),
    ]

    operations = [
        migrations.CreateModel(
            name='StateRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('pre_active', 'Pre-active'), ('active', 'Active'), ('grace', 'Grace'), ('suspended', 'Suspended'), ('terminated', 'Terminated')], max_length=12)),
                ('services', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), blank=True, null=True, size=None)),
                ('may_top_up', models.BooleanField(default=True)),
                ('may_buy', models.BooleanField(default=True)),
                ('is_initial', models.BooleanField(default=False)),
            ],
            options={
                'abstract': False,
                'default_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='StateTransition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('pre_active', 'Pre-active'), ('active', 'Active'), ('grace', 'Grace'), ('suspended', 'Suspended'), ('terminated', 'Terminated')], max_length=12)),
                ('cause', models.CharField(choices=[('first_use', 'First use'), ('top_up', 'Top-up'), ('renewed', 'Renewed'), ('renewal_failed', 'Renewal failed'), ('threshold', 'Threshold that suspends'), ('time', 'Time')], max_length=16)),
                ('after_days', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)])),
                ('to', models.CharField(choices=[('pre_active', 'Pre-active'), ('active', 'Active'), ('grace', 'Grace'), ('suspended', 'Suspended'), ('terminated', 'Terminated')], max_length=12)),
            ],
            options={
                'abstract': False,
                'default_manager_name': 'objects',
            },
        ),
        migrations.AddField(
            model_name='account',
            name='parent',
            field=portal.tenancy.fields.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='subscribers.account'),
        ),
        migrations.AddField(
            model_name='account',
            name='state_changed_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            model_name='account',
            name='state',
            field=models.CharField(choices=[('pre_active', 'Pre-active'), ('active', 'Active'), ('grace', 'Grace'), ('suspended', 'Suspended'), ('terminated', 'Terminated')], default='active', max_length=12),
        ),
        migrations.CreateModel(
            name='SharedGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._:@+-]*\\Z', 'Use letters, digits and . _ : @ + - and begin with a letter or digit.')])),
                ('name', models.CharField(max_length=80)),
                ('order', models.CharField(choices=[('own_lowest', 'Own first, then the lowest'), ('own_highest', 'Own first, then the highest'), ('lowest', 'The lowest first'), ('highest', 'The highest first')], default='own_lowest', max_length=12)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('owner', portal.tenancy.fields.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='owned_groups', to='subscribers.account')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.tenant')),
            ],
            options={
                'abstract': False,
                'default_manager_name': 'objects',
            },
        ),
        migrations.AddField(
            model_name='account',
            name='shared_group',
            field=portal.tenancy.fields.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='members', to='subscribers.sharedgroup'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(models.F('tenant'), models.F('state'), models.F('state_changed_at'), name='accounts_by_state'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(models.F('parent'), condition=models.Q(('parent__isnull', False)), name='accounts_by_parent'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(models.F('shared_group'), condition=models.Q(('shared_group__isnull', False)), name='accounts_by_shared_group'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('parent__isnull', True), models.Q(('parent', models.F('pk')), _negated=True), _connector='OR'), name='an_account_is_not_its_own_parent'),
        ),
        migrations.AddField(
            model_name='staterule',
            name='tenant',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.tenant'),
        ),
        migrations.AddField(
            model_name='statetransition',
            name='tenant',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.tenant'),
        ),
        migrations.AddConstraint(
            model_name='sharedgroup',
            constraint=models.UniqueConstraint(models.F('tenant'), models.F('code'), name='group_code_is_unique_in_its_tenant'),
        ),
        migrations.AddConstraint(
            model_name='sharedgroup',
            constraint=models.UniqueConstraint(models.F('owner'), name='an_account_owns_one_group'),
        ),
        migrations.AddConstraint(
            model_name='staterule',
            constraint=models.UniqueConstraint(models.F('tenant'), models.F('state'), name='one_rule_per_state'),
        ),
        migrations.AddConstraint(
            model_name='staterule',
            constraint=models.UniqueConstraint(models.F('tenant'), condition=models.Q(('is_initial', True)), name='accounts_begin_in_one_state'),
        ),
        migrations.AddConstraint(
            model_name='statetransition',
            constraint=models.UniqueConstraint(models.F('tenant'), models.F('state'), models.F('cause'), name='one_way_out_per_cause'),
        ),
        migrations.AddConstraint(
            model_name='statetransition',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('after_days__gt', 0), ('cause', 'time')), models.Q(models.Q(('cause', 'time'), _negated=True), ('after_days__isnull', True)), _connector='OR'), name='transitions_by_time_say_when'),
        ),
        migrations.AddConstraint(
            model_name='statetransition',
            constraint=models.CheckConstraint(condition=models.Q(('state', models.F('to')), _negated=True), name='a_transition_leads_elsewhere'),
        ),
        migrations.AddConstraint(
            model_name='statetransition',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'terminated'), _negated=True), name='nothing_leads_out_of_the_end'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(models.F('id'), condition=models.Q(('clock_offset', 0), _negated=True), name='accounts_with_a_test_clock'),
        ),
        SecureTenantTable("SharedGroup"),
        SecureTenantTable("StateRule"),
        SecureTenantTable("StateTransition"),
        AddCompositeKey("Account", "parent"),
        AddCompositeKey("Account", "shared_group"),
        migrations.RunSQL(TOGETHER, NOT_TOGETHER),
    ]
