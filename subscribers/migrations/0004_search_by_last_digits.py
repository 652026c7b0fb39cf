"""Search by the last digits of a phone number, as 0003 does by its first."""

from django.db import migrations

SEARCH = """
CREATE INDEX device_by_last_digits
    ON subscribers_device (tenant_id, reverse(msisdn) text_pattern_ops);

CREATE FUNCTION subscribers_find_by_last_digits(digits text, most integer)
RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT d.account_id FROM subscribers_device d
    WHERE digits <> '' AND d.tenant_id = tenancy_tenant_id()
      AND reverse(d.msisdn) ~>=~ reverse(digits)
      AND reverse(d.msisdn) ~<~ (reverse(digits) || ':')
    LIMIT most
$$;
REVOKE ALL ON FUNCTION subscribers_find_by_last_digits(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION subscribers_find_by_last_digits(text, integer) TO csp_portal;
"""

NO_SEARCH = """
DROP FUNCTION subscribers_find_by_last_digits(text, integer);
DROP INDEX device_by_last_digits;
"""


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0003_search")]

    operations = [migrations.RunSQL(SEARCH, NO_SEARCH)]
