import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_tenants_with_work")]

    operations = [
        migrations.AddField(
            "webhookendpoint", "public_id", models.UUIDField(default=uuid.uuid4, null=True)
        ),
        migrations.RunSQL(
            "UPDATE notifications_webhookendpoint SET public_id = gen_random_uuid()",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            "webhookendpoint", "public_id", models.UUIDField(default=uuid.uuid4, unique=True)
        ),
    ]
