"""Both walls, the account's immutable parts, and search by any part of a number."""

from django.db import migrations

from portal.tenancy.operations import SecureTenantTable

ACCOUNT_RULES = """
-- An account alone locks itself.
CREATE FUNCTION subscribers_account_defaults() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.lock_id IS NULL OR NEW.lock_id = 0 THEN
        NEW.lock_id := NEW.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER subscribers_account_defaults BEFORE INSERT ON subscribers_account
    FOR EACH ROW EXECUTE FUNCTION subscribers_account_defaults();

CREATE FUNCTION subscribers_account_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.public_id, NEW.currency) IS DISTINCT FROM
                            (OLD.public_id, OLD.currency) THEN
        RAISE EXCEPTION 'an account keeps its id and currency' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.clock_offset <> 0 AND NOT EXISTS (
        SELECT 1 FROM tenancy_tenant WHERE id = NEW.tenant_id AND is_sandbox
    ) THEN
        RAISE EXCEPTION 'only sandboxes have a test clock' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER subscribers_account_rules BEFORE INSERT OR UPDATE OF public_id, currency, clock_offset
    ON subscribers_account FOR EACH ROW EXECUTE FUNCTION subscribers_account_rules();

ALTER TABLE subscribers_account SET (fillfactor = 80);
GRANT UPDATE (event_seq, lock_id) ON subscribers_account TO csp_charger;
"""

NO_ACCOUNT_RULES = """
DROP TRIGGER subscribers_account_rules ON subscribers_account;
DROP FUNCTION subscribers_account_rules();
DROP TRIGGER subscribers_account_defaults ON subscribers_account;
DROP FUNCTION subscribers_account_defaults();
"""

SEARCH = """
CREATE INDEX device_by_imsi_prefix ON subscribers_device (tenant_id, imsi varchar_pattern_ops);
CREATE INDEX device_by_msisdn_prefix ON subscribers_device (tenant_id, msisdn varchar_pattern_ops);
CREATE INDEX device_by_id_prefix ON subscribers_device (tenant_id, public_id varchar_pattern_ops);
CREATE INDEX account_by_id_prefix ON subscribers_account (tenant_id, public_id varchar_pattern_ops);
CREATE INDEX account_by_name_prefix
    ON subscribers_account (tenant_id, lower(name) varchar_pattern_ops);
"""

NO_SEARCH = """
DROP INDEX device_by_imsi_prefix;
DROP INDEX device_by_msisdn_prefix;
DROP INDEX device_by_id_prefix;
DROP INDEX account_by_id_prefix;
DROP INDEX account_by_name_prefix;
"""


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0001_initial")]

    operations = [
        SecureTenantTable("Account"),
        SecureTenantTable("Device"),
        SecureTenantTable("PlanSubscription"),
        migrations.RunSQL(ACCOUNT_RULES, NO_ACCOUNT_RULES),
        migrations.RunSQL(SEARCH, NO_SEARCH),
    ]
