"""Counters and shared buckets; transfers and reversals in the ledger; what is due to expire."""

import django.db.models.deletion
import portal.tenancy.fields
from django.db import migrations, models
from portal.tenancy.operations import AddCompositeKey

DUE_TO_EXPIRE = """
CREATE FUNCTION charging_tenants_with_due_buckets(at timestamptz) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT DISTINCT tenant_id FROM charging_bucket
   WHERE expires_at <= at AND NOT is_swept
   UNION
   SELECT DISTINCT b.tenant_id
   FROM subscribers_account a JOIN charging_bucket b ON b.account_id = a.id
   WHERE a.clock_offset > 0 AND NOT b.is_swept
     AND b.expires_at <= at + a.clock_offset * interval '1 second' $$;

REVOKE ALL ON FUNCTION charging_tenants_with_due_buckets(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION charging_tenants_with_due_buckets(timestamptz) TO csp_portal;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('charging', '0004_tenants_with_due_emulation'),
        ('plans', '0002_row_security'),
        ('subscribers', '0005_accounts_together'),
        ('tenancy', '0005_tenants_of_others_stay_as_they_are'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='bucket',
            name='buckets_that_expire',
        ),
        migrations.AddField(
            model_name='bucket',
            name='awaits_first_use',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='bucket',
            name='caps',
            field=models.CharField(blank=True, choices=[('', 'Nothing'), ('parent', 'What the parent shares'), ('group', 'What the group shares')], db_default='', default='', max_length=8),
        ),
        migrations.AddField(
            model_name='bucket',
            name='is_disabled',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='bucket',
            name='is_shared',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='bucket',
            name='is_swept',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='bucket',
            name='role',
            field=models.CharField(choices=[('pays', 'Pays'), ('counts', 'Counts')], db_default='pays', default='pays', max_length=8),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='details',
            field=models.BinaryField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='reference',
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='reverses',
            field=portal.tenancy.fields.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='charging.ledgerentry'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='sequence_number',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='ledgerentry',
            name='kind',
            field=models.CharField(choices=[('issue', 'Issued'), ('reserve', 'Reserved'), ('post', 'Used'), ('void', 'Handed back'), ('expire', 'Expired'), ('adjust', 'Adjusted'), ('transfer', 'Transferred'), ('reverse', 'Reversed')], max_length=8),
        ),
        migrations.AddIndex(
            model_name='bucket',
            index=models.Index(models.F('expires_at'), condition=models.Q(('expires_at__isnull', False), ('is_swept', False)), name='buckets_to_expire'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(models.F('reference'), condition=models.Q(('reference__isnull', False)), name='ledger_by_reference'),
        ),
        migrations.AddConstraint(
            model_name='bucket',
            constraint=models.CheckConstraint(condition=models.Q(('caps', ''), ('role', 'counts'), _connector='OR'), name='only_counters_cap'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.UniqueConstraint(models.F('reverses'), condition=models.Q(('reverses__isnull', False)), name='an_entry_is_reversed_once'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'reverse'), ('reverses__isnull', False)), models.Q(models.Q(('kind', 'reverse'), _negated=True), ('reverses__isnull', True)), _connector='OR'), name='reversals_name_what_they_reverse'),
        ),
        AddCompositeKey("LedgerEntry", "reverses"),
        migrations.RunSQL(
            DUE_TO_EXPIRE, "DROP FUNCTION charging_tenants_with_due_buckets(timestamptz);"
        ),
    ]
