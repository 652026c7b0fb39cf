"""Both walls, and the rule that what was published never changes."""

from django.db import migrations

from portal.tenancy.operations import SecureTenantTable

IMMUTABLE = """
CREATE FUNCTION plans_version_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            RAISE EXCEPTION 'a published plan version is never deleted'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.state IN ('draft', 'scheduled') THEN
        RETURN NEW;
    END IF;
    -- Only the way forward is open: published to retired, with its time.
    IF (NEW.tenant_id, NEW.plan_id, NEW.number, NEW.currency, NEW.price, NEW.renewal,
        NEW.renewal_count, NEW.published_at, NEW.published_by)
       IS DISTINCT FROM
       (OLD.tenant_id, OLD.plan_id, OLD.number, OLD.currency, OLD.price, OLD.renewal,
        OLD.renewal_count, OLD.published_at, OLD.published_by)
       OR NOT (NEW.state = OLD.state OR (OLD.state = 'published' AND NEW.state = 'retired'))
    THEN
        RAISE EXCEPTION 'a published plan version never changes'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER plans_version_is_frozen BEFORE UPDATE OR DELETE ON plans_planversion
    FOR EACH ROW EXECUTE FUNCTION plans_version_is_frozen();

CREATE FUNCTION plans_part_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version bigint;
    version_state text;
BEGIN
    IF TG_TABLE_NAME = 'plans_threshold' THEN
        SELECT a.version_id INTO version FROM plans_allowance a
        WHERE a.id = (CASE WHEN TG_OP = 'INSERT' THEN NEW.allowance_id ELSE OLD.allowance_id END);
    ELSIF TG_OP = 'INSERT' THEN
        version := NEW.version_id;
    ELSE
        version := OLD.version_id;
    END IF;
    SELECT v.state INTO version_state FROM plans_planversion v WHERE v.id = version;
    IF version_state IN ('published', 'retired') THEN
        RAISE EXCEPTION 'a published plan version never changes'
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER plans_part_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON plans_allowance
    FOR EACH ROW EXECUTE FUNCTION plans_part_is_frozen();
CREATE TRIGGER plans_part_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON plans_rate
    FOR EACH ROW EXECUTE FUNCTION plans_part_is_frozen();
CREATE TRIGGER plans_part_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON plans_threshold
    FOR EACH ROW EXECUTE FUNCTION plans_part_is_frozen();

-- The charger caches rating groups by the tenant's settings_revision.
CREATE FUNCTION plans_count_settings_revision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN
        owner := OLD.tenant_id;
    ELSE
        owner := NEW.tenant_id;
    END IF;
    UPDATE tenancy_tenant SET settings_revision = settings_revision + 1 WHERE id = owner;
    RETURN NULL;
END $$;
CREATE TRIGGER plans_count_settings_revision AFTER INSERT OR UPDATE OR DELETE ON plans_ratinggroup
    FOR EACH ROW EXECUTE FUNCTION plans_count_settings_revision();
"""

MUTABLE = """
DROP TRIGGER plans_count_settings_revision ON plans_ratinggroup;
DROP FUNCTION plans_count_settings_revision();
DROP TRIGGER plans_part_is_frozen ON plans_threshold;
DROP TRIGGER plans_part_is_frozen ON plans_rate;
DROP TRIGGER plans_part_is_frozen ON plans_allowance;
DROP FUNCTION plans_part_is_frozen();
DROP TRIGGER plans_version_is_frozen ON plans_planversion;
DROP FUNCTION plans_version_is_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("plans", "0001_initial")]

    operations = [
        SecureTenantTable("RatingGroup"),
        SecureTenantTable("Plan"),
        SecureTenantTable("PlanVersion"),
        SecureTenantTable("Allowance"),
        SecureTenantTable("Threshold"),
        SecureTenantTable("Rate"),
        migrations.RunSQL(IMMUTABLE, MUTABLE),
    ]
