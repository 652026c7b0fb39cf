"""Both walls for the reference data, and a revision by which the charger caches it."""

from django.db import migrations

from portal.tenancy.operations import SecureTenantTable

TABLES = ("destinationgroup", "destinationprefix", "zone", "holiday")

# Once per statement: an import changes hundreds of thousands of rows.
FUNCTION = """
CREATE FUNCTION plans_count_reference_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tenancy_tenant SET reference_revision = reference_revision + 1
    WHERE id IN (SELECT DISTINCT tenant_id FROM changed);
    RETURN NULL;
END $$;
"""

TRIGGER = """
CREATE TRIGGER plans_count_reference_{event} AFTER {event} ON plans_{table}
    REFERENCING {rows} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION plans_count_reference_revision();
"""

UNCOUNTED = "DROP FUNCTION plans_count_reference_revision() CASCADE"
EVENTS = (("insert", "NEW"), ("update", "NEW"), ("delete", "OLD"))


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0003_reference_data"),
        ("tenancy", "0006_numbering_and_zero_rating"),
    ]

    operations = [
        SecureTenantTable("DestinationGroup"),
        SecureTenantTable("DestinationPrefix"),
        SecureTenantTable("Zone"),
        SecureTenantTable("Holiday"),
        migrations.RunSQL(FUNCTION, UNCOUNTED),
        *(
            migrations.RunSQL(
                TRIGGER.format(event=event, rows=rows, table=table), migrations.RunSQL.noop
            )
            for table in TABLES
            for event, rows in EVENTS
        ),
    ]
