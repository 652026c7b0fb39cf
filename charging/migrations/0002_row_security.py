"""Both walls, what the charger may write, and room for updates in place on the hot tables."""

from django.db import migrations

from portal.tenancy.operations import SecureTenantTable

HOT_TABLES = """
ALTER TABLE charging_bucket SET (fillfactor = 80);
ALTER TABLE charging_chargingsession SET (fillfactor = 80);
"""


class Migration(migrations.Migration):
    dependencies = [("charging", "0001_initial")]

    operations = [
        SecureTenantTable("Bucket", charger="SELECT, INSERT, UPDATE"),
        SecureTenantTable("ChargingSession", charger="SELECT, INSERT, UPDATE"),
        SecureTenantTable("LedgerEntry", append_only=True, charger="SELECT, INSERT"),
        SecureTenantTable("RequestLogEntry", append_only=True, charger="SELECT, INSERT"),
        SecureTenantTable("CreateKey", charger="SELECT, INSERT, DELETE"),
        SecureTenantTable("ChargerEndpoint", charger=""),
        SecureTenantTable("Burst", charger=""),
        SecureTenantTable("EmulatedSession", charger=""),
        SecureTenantTable("EmulatedExchange", charger=""),
        migrations.RunSQL(HOT_TABLES, migrations.RunSQL.noop),
    ]
