from django.db import migrations

from portal.tenancy.operations import SecureTenantTable


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [
        SecureTenantTable("NotificationEvent", charger="SELECT, INSERT"),
        SecureTenantTable("WebhookEndpoint", charger=""),
        SecureTenantTable("WebhookDelivery", charger=""),
    ]
