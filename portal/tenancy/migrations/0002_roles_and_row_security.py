"""The database's roles, what they may do, and the two questions asked before a tenant is known."""

from django.db import migrations

from portal.tenancy.operations import SecureTenantTable

ROLES = """
DO $$
DECLARE role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['csp_portal', 'csp_charger'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- roles belong to the server; another database made it
        END;
        IF NOT pg_has_role(current_user, role_name, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', role_name, current_user);
        END IF;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO csp_portal, csp_charger;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO csp_portal;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO csp_portal;
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM csp_portal;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO csp_portal;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO csp_portal, csp_charger;
REVOKE DELETE ON tenancy_tenant FROM csp_portal;
GRANT SELECT ON tenancy_tenant, django_migrations TO csp_charger;

CREATE FUNCTION tenancy_tenant_id() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT NULLIF(current_setting('app.tenant_id', true), '')::bigint $$;
COMMENT ON FUNCTION tenancy_tenant_id() IS
    'The tenant whose scope this connection works in; row security compares against it.';
"""

UNROLES = """
DROP FUNCTION tenancy_tenant_id();
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM csp_portal;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    REVOKE USAGE, SELECT ON SEQUENCES FROM csp_portal, csp_charger;
"""

DIRECTORY = """
CREATE FUNCTION tenancy_tenants_of_user(person bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT tenant_id FROM tenancy_membership WHERE user_id = person $$;

CREATE FUNCTION tenancy_tenant_of_client(client text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT tenant_id FROM tenancy_apiclient WHERE client_id = client $$;

REVOKE ALL ON FUNCTION tenancy_tenants_of_user(bigint), tenancy_tenant_of_client(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy_tenants_of_user(bigint), tenancy_tenant_of_client(text)
    TO csp_portal;
"""

UNDIRECTORY = """
DROP FUNCTION tenancy_tenants_of_user(bigint);
DROP FUNCTION tenancy_tenant_of_client(text);
"""

# What a trigger says reaches people only through a bug, so it names the rule and no more.
TENANT_RULES = """
CREATE FUNCTION tenancy_keep_sandbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.is_sandbox <> OLD.is_sandbox THEN
        RAISE EXCEPTION 'is_sandbox never changes' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tenancy_keep_sandbox BEFORE UPDATE ON tenancy_tenant
    FOR EACH ROW EXECUTE FUNCTION tenancy_keep_sandbox();
"""

UNTENANT_RULES = """
DROP TRIGGER tenancy_keep_sandbox ON tenancy_tenant;
DROP FUNCTION tenancy_keep_sandbox();
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]

    operations = [
        migrations.RunSQL(ROLES, UNROLES),
        SecureTenantTable("Role", charger=""),
        SecureTenantTable("Membership", charger=""),
        SecureTenantTable("ApiClient", charger="SELECT"),
        SecureTenantTable("AuditEntry", append_only=True, charger=""),
        migrations.RunSQL(DIRECTORY, UNDIRECTORY),
        migrations.RunSQL(TENANT_RULES, UNTENANT_RULES),
    ]
