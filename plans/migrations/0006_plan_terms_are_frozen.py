"""Both walls for the new parts of a version, and all that a published version says frozen."""

from django.db import migrations

from portal.tenancy.operations import SecureTenantTable

# Everything but the way forward and what drafts count, so that a new column is frozen by itself.
FROZEN = """
CREATE OR REPLACE FUNCTION plans_version_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    movable text[] := ARRAY['state', 'retired_at', 'revision', 'created_at', 'updated_at',
                            'updated_by', 'scheduled_for'];
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
    IF to_jsonb(NEW) - movable IS DISTINCT FROM to_jsonb(OLD) - movable
       OR NOT (NEW.state = OLD.state OR (OLD.state = 'published' AND NEW.state = 'retired'))
    THEN
        RAISE EXCEPTION 'a published plan version never changes'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER plans_part_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON plans_timeband
    FOR EACH ROW EXECUTE FUNCTION plans_part_is_frozen();
CREATE TRIGGER plans_part_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON plans_planexample
    FOR EACH ROW EXECUTE FUNCTION plans_part_is_frozen();
"""

FROZEN_BEFORE = """
DROP TRIGGER plans_part_is_frozen ON plans_planexample;
DROP TRIGGER plans_part_is_frozen ON plans_timeband;
CREATE OR REPLACE FUNCTION plans_version_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("plans", "0005_plan_terms")]

    operations = [
        SecureTenantTable("TimeBand"),
        SecureTenantTable("PlanExample"),
        migrations.RunSQL(FROZEN, FROZEN_BEFORE),
    ]
