"""In which period of its plan subscription a bucket was given."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('charging', '0006_generic_buckets'),
    ]

    operations = [
        migrations.AddField(
            model_name='bucket',
            name='period_number',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
    ]
