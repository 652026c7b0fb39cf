from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("charging", "0002_row_security")]

    operations = [
        migrations.RemoveConstraint("createkey", "create_key_is_unique_in_its_tenant"),
        migrations.AddField("createkey", "fingerprint", models.BinaryField(default=b""), preserve_default=False),
        migrations.AddConstraint(
            "createkey",
            models.UniqueConstraint(
                models.F("tenant"),
                models.F("key"),
                models.F("fingerprint"),
                name="one_session_per_create_key_and_fingerprint",
            ),
        ),
    ]
