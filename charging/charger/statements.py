"""The SQL text of the charging path, one name per statement.

Arrays of integers are passed as literals and cast: psycopg would choose a width by the values and
the server would keep a plan for each.
"""

from __future__ import annotations

from typing import Final

LOCK: Final = """
SELECT id FROM subscribers_account
WHERE id IN (
    SELECT lock_id FROM subscribers_account WHERE id = ANY(%(accounts)s::bigint[])
    UNION ALL
    SELECT a.lock_id
    FROM unnest(%(imsi_tenants)s::bigint[], %(imsis)s::text[]) AS k(tenant_id, value)
    JOIN subscribers_device d ON d.tenant_id = k.tenant_id AND d.imsi = k.value AND d.imsi <> ''
    JOIN subscribers_account a ON a.id = d.account_id
    UNION ALL
    SELECT a.lock_id
    FROM unnest(%(msisdn_tenants)s::bigint[], %(msisdns)s::text[]) AS k(tenant_id, value)
    JOIN subscribers_device d
        ON d.tenant_id = k.tenant_id AND d.msisdn = k.value AND d.msisdn <> ''
    JOIN subscribers_account a ON a.id = d.account_id
    UNION ALL
    SELECT a.lock_id
    FROM unnest(%(public_id_tenants)s::bigint[], %(public_ids)s::text[]) AS k(tenant_id, value)
    JOIN subscribers_device d ON d.tenant_id = k.tenant_id AND d.public_id = k.value
    JOIN subscribers_account a ON a.id = d.account_id
)
ORDER BY id
FOR NO KEY UPDATE
"""
"""Takes the batch's lock rows in id order. Nothing it returns is trusted but the keys."""

READ_DEVICES: Final = """
SELECT d.id, d.tenant_id, d.account_id, d.public_id, d.imsi, d.msisdn, d.state, d.home_plmn,
       d.charging_characteristics
FROM unnest(%(imsi_tenants)s::bigint[], %(imsis)s::text[]) AS k(tenant_id, value)
JOIN subscribers_device d ON d.tenant_id = k.tenant_id AND d.imsi = k.value AND d.imsi <> ''
UNION
SELECT d.id, d.tenant_id, d.account_id, d.public_id, d.imsi, d.msisdn, d.state, d.home_plmn,
       d.charging_characteristics
FROM unnest(%(msisdn_tenants)s::bigint[], %(msisdns)s::text[]) AS k(tenant_id, value)
JOIN subscribers_device d ON d.tenant_id = k.tenant_id AND d.msisdn = k.value AND d.msisdn <> ''
UNION
SELECT d.id, d.tenant_id, d.account_id, d.public_id, d.imsi, d.msisdn, d.state, d.home_plmn,
       d.charging_characteristics
FROM unnest(%(public_id_tenants)s::bigint[], %(public_ids)s::text[]) AS k(tenant_id, value)
JOIN subscribers_device d ON d.tenant_id = k.tenant_id AND d.public_id = k.value
"""

# The accounts of a batch, for the statements that follow the lock.
_ACCOUNTS = """
WITH wanted AS (
    SELECT unnest(%(accounts)s::bigint[]) AS id
    UNION
    SELECT d.account_id
    FROM unnest(%(imsi_tenants)s::bigint[], %(imsis)s::text[]) AS k(tenant_id, value)
    JOIN subscribers_device d ON d.tenant_id = k.tenant_id AND d.imsi = k.value AND d.imsi <> ''
    UNION
    SELECT d.account_id
    FROM unnest(%(msisdn_tenants)s::bigint[], %(msisdns)s::text[]) AS k(tenant_id, value)
    JOIN subscribers_device d
        ON d.tenant_id = k.tenant_id AND d.msisdn = k.value AND d.msisdn <> ''
    UNION
    SELECT d.account_id
    FROM unnest(%(public_id_tenants)s::bigint[], %(public_ids)s::text[]) AS k(tenant_id, value)
    JOIN subscribers_device d ON d.tenant_id = k.tenant_id AND d.public_id = k.value
)
"""

# Whose shared buckets they may draw on: the parent's and those of the other members of a group.
# Both have the same lock row, or the batch is loaded again. OFFSET 0 keeps the look-up by key,
# whatever the server thought of the tables when it made its plan.
_GIVERS = (
    _ACCOUNTS  # noqa: S608  constants only
    + """
, tie AS MATERIALIZED (
    SELECT w.id, a.parent_id, a.shared_group_id
    FROM wanted w CROSS JOIN LATERAL (
        SELECT parent_id, shared_group_id FROM subscribers_account WHERE id = w.id OFFSET 0) a
), giver AS (
    SELECT t.id AS taker_id, t.parent_id AS id, 'parent' AS via
    FROM tie t WHERE t.parent_id IS NOT NULL
    UNION ALL
    SELECT t.id, o.id, 'group'
    FROM tie t JOIN subscribers_account o ON o.shared_group_id = t.shared_group_id
    WHERE t.shared_group_id IS NOT NULL AND o.id <> t.id
)
"""
)

READ_ACCOUNTS: Final = (
    _GIVERS  # noqa: S608  constants only
    + """
SELECT a.id, a.tenant_id, a.public_id, a.state, a.lock_id, a.clock_offset, a.credit_limit,
       a.event_seq, a.currency, a.time_zone, coalesce(g.code, ''), coalesce(g."order", '')
FROM (SELECT id FROM wanted UNION SELECT id FROM giver) f
JOIN subscribers_account a ON a.id = f.id
LEFT JOIN subscribers_sharedgroup g ON g.id = a.shared_group_id
"""
)

READ_SUBSCRIPTIONS: Final = (
    _ACCOUNTS
    + """
SELECT s.account_id, s.version_id, s.starts_at, s.ends_at, s.overrides_hash, s.id
FROM wanted w JOIN subscribers_plansubscription s ON s.account_id = w.id
JOIN plans_planversion v ON v.id = s.version_id
WHERE s.ends_at IS NULL OR s.ends_at > %(oldest)s
ORDER BY s.account_id, v.is_add_on DESC, s.id
"""
)

_BUCKET: Final = """
       b.account_id, b.id, b.name, b.unit, b.service, b.rating_groups, b.weight, b.granted,
       b.available, b.reserved, b.used, b.expired, b.valid_from, b.expires_at, b.allowance_id,
       b.allowance_key::text, b.role, b.caps, b.is_disabled, b.is_shared, b.awaits_first_use,
       b.plan_subscription_id, coalesce(s.overrides_hash, '')
"""

READ_BUCKETS: Final = (
    _GIVERS  # noqa: S608  constants only
    + "SELECT w.id, '',"
    + _BUCKET
    + """
FROM wanted w JOIN charging_bucket b ON b.account_id = w.id
LEFT JOIN LATERAL (
    SELECT overrides_hash FROM subscribers_plansubscription
    WHERE id = b.plan_subscription_id OFFSET 0) s ON true
WHERE b.expires_at IS NULL OR b.expires_at > %(oldest)s OR b.reserved <> 0
UNION ALL
SELECT g.taker_id, g.via,"""
    + _BUCKET
    + """
FROM giver g JOIN charging_bucket b ON b.account_id = g.id
LEFT JOIN LATERAL (
    SELECT overrides_hash FROM subscribers_plansubscription
    WHERE id = b.plan_subscription_id OFFSET 0) s ON true
WHERE b.role = 'pays' AND (
    (b.is_shared AND (b.expires_at IS NULL OR b.expires_at > %(oldest)s)) OR b.reserved <> 0)
"""
)

READ_SESSIONS: Final = """
SELECT s.id, s.tenant_id, s.account_id, s.device_id, d.public_id, s.ref, s.kind, s.state,
       s.subscriber_identifier, s.node_functionality, s.nf_name, s.notify_uri, s.destination,
       s.opened_at, s.last_request_at, s.deadline_at, s.closed_at, s.close_cause, s.requests,
       s.cost, s.last_result, s.state_bytes, s.answers, d.state
FROM charging_chargingsession s JOIN subscribers_device d ON d.id = s.device_id
WHERE s.ref = ANY(%(refs)s::text[])
"""

READ_CREATE_KEYS: Final = """
SELECT DISTINCT c.id, c.tenant_id, c.key, c.fingerprint, s.ref
FROM unnest(%(key_tenants)s::bigint[], %(keys)s::bytea[], %(key_fingerprints)s::bytea[],
            %(key_repeats)s::bool[]) AS k(tenant_id, key, fingerprint, is_repeat)
JOIN charging_createkey c ON c.tenant_id = k.tenant_id AND c.key = k.key
    AND (c.fingerprint = k.fingerprint OR k.is_repeat)
JOIN charging_chargingsession s ON s.id = c.session_id
ORDER BY c.id
"""

READ_REPEATED_SESSIONS: Final = """
SELECT s.id, s.tenant_id, s.account_id, s.device_id, d.public_id, s.ref, s.kind, s.state,
       s.subscriber_identifier, s.node_functionality, s.nf_name, s.notify_uri, s.destination,
       s.opened_at, s.last_request_at, s.deadline_at, s.closed_at, s.close_cause, s.requests,
       s.cost, s.last_result, s.state_bytes, s.answers, d.state
FROM unnest(%(key_tenants)s::bigint[], %(keys)s::bytea[], %(key_fingerprints)s::bytea[],
            %(key_repeats)s::bool[]) AS k(tenant_id, key, fingerprint, is_repeat)
JOIN charging_createkey c ON c.tenant_id = k.tenant_id AND c.key = k.key
    AND (c.fingerprint = k.fingerprint OR k.is_repeat)
JOIN charging_chargingsession s ON s.id = c.session_id
JOIN subscribers_device d ON d.id = s.device_id
"""

READ_REVISIONS: Final = """
SELECT id, settings_revision, reference_revision
FROM tenancy_tenant WHERE id = ANY(%(tenants)s::bigint[])
"""

DRAW_SESSION_KEYS: Final = """
SELECT nextval('charging_chargingsession_id_seq') FROM generate_series(1, %(creates)s::int)
"""

# ── what a batch writes, each table once ─────────────────────────────────────────────────────

INSERT_SESSIONS: Final = """
INSERT INTO charging_chargingsession (
    id, tenant_id, account_id, device_id, ref, kind, state, subscriber_identifier,
    node_functionality, nf_name, notify_uri, destination, opened_at, last_request_at, deadline_at,
    closed_at, close_cause, requests, cost, last_result, state_bytes, answers)
SELECT * FROM unnest(
    %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
    %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::int[], %s::bigint[],
    %s::text[], %s::bytea[], %s::bytea[])
"""

UPDATE_SESSIONS: Final = """
UPDATE charging_chargingsession s
SET state = v.state, notify_uri = v.notify_uri, last_request_at = v.last_request_at,
    deadline_at = v.deadline_at, closed_at = v.closed_at, close_cause = v.close_cause,
    requests = v.requests, cost = v.cost, last_result = v.last_result,
    state_bytes = v.state_bytes, answers = v.answers
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[],
            %s::timestamptz[], %s::text[], %s::int[], %s::bigint[], %s::text[], %s::bytea[],
            %s::bytea[])
     AS v(id, state, notify_uri, last_request_at, deadline_at, closed_at, close_cause, requests,
          cost, last_result, state_bytes, answers)
WHERE s.id = v.id
"""

UPDATE_BUCKETS: Final = """
UPDATE charging_bucket b
SET available = v.available, reserved = v.reserved, used = v.used, expired = v.expired,
    is_swept = b.is_swept AND v.available <= 0
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
     AS v(id, available, reserved, used, expired)
WHERE b.id = v.id
"""

UPDATE_BUCKET_LIVES: Final = """
UPDATE charging_bucket b
SET is_disabled = v.is_disabled, valid_from = v.valid_from, expires_at = v.expires_at,
    awaits_first_use = v.waits
FROM unnest(%s::bigint[], %s::bool[], %s::timestamptz[], %s::timestamptz[], %s::bool[])
     AS v(id, is_disabled, valid_from, expires_at, waits)
WHERE b.id = v.id
"""
"""What thresholds switched and first uses began: rare, so apart from the amounts."""

UPDATE_FIRST_USES: Final = """
UPDATE subscribers_plansubscription s SET first_used_at = v.at, due_at = v.at
FROM unnest(%s::bigint[], %s::timestamptz[]) AS v(id, at)
WHERE s.id = v.id AND s.state = 'pending' AND s.first_used_at IS NULL
"""
"""Plans that wait for their first use are due; the renewal sweep begins their first period."""

UPDATE_STATES: Final = """
UPDATE subscribers_account a SET state = v.state, state_changed_at = v.at
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS v(id, state, at) WHERE a.id = v.id
"""

INSERT_LEDGER: Final = """
INSERT INTO charging_ledgerentry (
    tenant_id, account_id, bucket_id, session_id, kind, available, reserved, used, expired,
    available_after, at, actor_kind, actor_name, sequence_number, reason, request_key)
SELECT v.*, '', '' FROM unnest(
    %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[],
    %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[],
    %s::text[], %s::bigint[]) AS v
"""

INSERT_LOG: Final = """
INSERT INTO charging_requestlogentry (
    tenant_id, account_id, session_id, operation, sequence_number, fingerprint, received_at,
    status, cost, request, answer, decision)
SELECT * FROM unnest(
    %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::bytea[],
    %s::timestamptz[], %s::int[], %s::bigint[], %s::text[], %s::text[], %s::bytea[])
"""

INSERT_CREATE_KEYS: Final = """
INSERT INTO charging_createkey (tenant_id, key, fingerprint, session_id, created_at)
SELECT * FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[], %s::bigint[], %s::timestamptz[])
"""

INSERT_EVENTS: Final = """
INSERT INTO notifications_notificationevent (
    tenant_id, type, subject_type, subject_id, account_key, account_id, account_seq, payload,
    occurred_at, is_muted, not_before, recorded_at)
SELECT v.*, now() FROM unnest(
    %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::bigint[],
    %s::jsonb[], %s::timestamptz[], %s::bool[], %s::timestamptz[]) AS v
"""

UPDATE_EVENT_SEQUENCES: Final = """
UPDATE subscribers_account a SET event_seq = v.seq
FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, seq) WHERE a.id = v.id
"""

OVERDUE_SESSIONS: Final = """
SELECT s.tenant_id, s.account_id, s.ref
FROM charging_chargingsession s JOIN subscribers_account a ON a.id = s.account_id
WHERE s.state = 'open' AND s.deadline_at < %(now)s + a.clock_offset * interval '1 second'
ORDER BY s.id LIMIT %(limit)s
"""

DELETE_OLD_CREATE_KEYS: Final = """
DELETE FROM charging_createkey WHERE created_at < %(before)s
"""

CLIENTS_NOT_TRUSTED: Final = """
SELECT id, is_enabled, tokens_valid_from FROM tenancy_apiclient
WHERE NOT is_enabled OR tokens_valid_from IS NOT NULL
"""
