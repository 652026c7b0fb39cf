from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0003_last_seen_of_a_membership")]

    operations = [migrations.RemoveField("tenant", "top_up_over_n40")]
