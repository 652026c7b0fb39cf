"""Search that uses indexes behind row security.

A condition that may leak what it sees (LIKE, lower(), @@) is only evaluated after the policy has
let a row through, so no index serves it. The function looks for its owner, whom the policy lets
see everything, and names the tenant itself: that of the open scope and no other.
"""

from django.db import migrations

SEARCH = """
CREATE INDEX account_by_name_word
    ON subscribers_account USING gin (to_tsvector('simple', name));
DROP INDEX account_by_name_prefix;

CREATE FUNCTION subscribers_find_accounts(beginning text, digits text, words text, most integer)
RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    (SELECT a.id FROM subscribers_account a
     WHERE a.tenant_id = tenancy_tenant_id()
       AND a.public_id ~>=~ beginning AND a.public_id ~<~ (beginning || chr(1114111))
     LIMIT most)
    UNION
    (SELECT a.id FROM subscribers_account a
     WHERE words <> '' AND a.tenant_id = tenancy_tenant_id()
       AND to_tsvector('simple', a.name) @@ to_tsquery('simple', words)
     LIMIT most)
    UNION
    (SELECT d.account_id FROM subscribers_device d
     WHERE d.tenant_id = tenancy_tenant_id()
       AND d.public_id ~>=~ beginning AND d.public_id ~<~ (beginning || chr(1114111))
     LIMIT most)
    UNION
    (SELECT d.account_id FROM subscribers_device d
     WHERE digits <> '' AND d.tenant_id = tenancy_tenant_id()
       AND d.imsi ~>=~ digits AND d.imsi ~<~ (digits || ':')
     LIMIT most)
    UNION
    (SELECT d.account_id FROM subscribers_device d
     WHERE digits <> '' AND d.tenant_id = tenancy_tenant_id()
       AND d.msisdn ~>=~ digits AND d.msisdn ~<~ (digits || ':')
     LIMIT most)
$$;
REVOKE ALL ON FUNCTION subscribers_find_accounts(text, text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION subscribers_find_accounts(text, text, text, integer) TO csp_portal;
"""

NO_SEARCH = """
DROP FUNCTION subscribers_find_accounts(text, text, text, integer);
CREATE INDEX account_by_name_prefix
    ON subscribers_account (tenant_id, lower(name) varchar_pattern_ops);
DROP INDEX account_by_name_word;
"""


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0002_row_security")]

    operations = [migrations.RunSQL(SEARCH, NO_SEARCH)]
