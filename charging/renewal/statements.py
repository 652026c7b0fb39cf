"""The SQL text of renewal, one name per statement; all of one tenant at a time."""

from __future__ import annotations

from typing import Final

_DUE: Final = """
SELECT s.id, a.lock_id
FROM subscribers_plansubscription s JOIN subscribers_account a ON a.id = s.account_id
WHERE s.tenant_id = %(tenant)s AND {due}
ORDER BY s.due_at, s.id LIMIT %(limit)s
FOR NO KEY UPDATE OF s SKIP LOCKED
"""

CLAIM: Final = _DUE.format(due="s.due_at <= %(now)s AND a.clock_offset = 0")
"""Plan subscriptions in nobody's hands, the longest due first. Their rows are held so that other
workers take others; the accounts are locked next, and those that somebody works on are left."""

CLAIM_BY_TEST_CLOCK: Final = _DUE.format(
    due="a.clock_offset <> 0 AND s.due_at <= %(now)s + a.clock_offset * interval '1 second'"
)
"""In sandboxes: accounts whose clock was moved."""

CLAIM_NAMED: Final = _DUE.format(due="s.id = ANY(%(ids)s::bigint[])")

LOCK: Final = """
SELECT id FROM subscribers_account WHERE id = ANY(%(ids)s::bigint[])
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
"""The accounts' lock rows in id order (docs/locking.md). What others hold is skipped, never
waited for: it is due still, and the next batch or sweep takes it."""

READ_HELD: Final = """
SELECT s.id, s.public_id::text, s.account_id, s.version_id, s.quantity, s.state, s.starts_at,
       s.ends_at, s.end_reason, s.period_number, s.period_starts_at, s.period_ends_at, s.due_at,
       s.first_used_at, s.charges_first_period, s.retries, s.grace_ends_at, s.scheduled,
       s.next_version_id, s.next_leftovers, s.next_quantity, s.overrides::text, s.overrides_hash
FROM subscribers_plansubscription s JOIN subscribers_account a ON a.id = s.account_id
WHERE s.id = ANY(%(ids)s::bigint[]) AND a.lock_id = ANY(%(locks)s::bigint[])
ORDER BY s.due_at, s.id
"""

READ_ACCOUNTS: Final = """
SELECT a.id, a.public_id, a.currency, a.state, a.credit_limit, a.event_seq, a.time_zone,
       a.clock_offset
FROM subscribers_account a WHERE a.id = ANY(%(accounts)s::bigint[])
"""

READ_RUNNING: Final = """
SELECT s.id, s.account_id, s.version_id, s.state FROM subscribers_plansubscription s
WHERE s.account_id = ANY(%(accounts)s::bigint[]) AND s.ends_at IS NULL
"""
"""Add-ons renew as long as there is a base plan among these."""

READ_BUCKETS: Final = """
SELECT b.account_id, b.plan_subscription_id, b.id, b.name, b.service, b.unit, b.weight,
       b.allowance_key::text, b.period_number, b.granted, b.available, b.reserved, b.used,
       b.expired, b.valid_from, b.expires_at, b.role,
       b.awaits_first_use
FROM subscribers_plansubscription s JOIN charging_bucket b ON b.plan_subscription_id = s.id
WHERE s.id = ANY(%(ids)s::bigint[])
  AND (b.expires_at IS NULL OR b.expires_at >= s.period_starts_at OR b.reserved <> 0)
UNION ALL
SELECT b.account_id, NULL, b.id, b.name, b.service, b.unit, b.weight, NULL, NULL, b.granted,
       b.available, b.reserved, b.used, b.expired, b.valid_from, b.expires_at, b.role,
       b.awaits_first_use
FROM charging_bucket b
WHERE b.account_id = ANY(%(accounts)s::bigint[]) AND b.service = 'money'
  AND b.plan_subscription_id IS NULL AND b.expires_at IS NULL AND b.role = 'pays'
ORDER BY 3
"""
"""The buckets of the plan subscriptions that may hold something still, and money that never
expires: the oldest of an account is its main balance."""

DRAW_KEYS: Final = """
SELECT nextval(pg_get_serial_sequence(%(table)s, 'id')) FROM generate_series(1, %(count)s)
"""

# ── what a batch writes, each table once ─────────────────────────────────────────────────────

INSERT_HELD: Final = """
INSERT INTO subscribers_plansubscription (
    tenant_id, id, public_id, account_id, version_id, quantity, state, starts_at,
    period_number, period_starts_at, period_ends_at, due_at, charges_first_period, overrides,
    overrides_hash, created_at, end_reason, retries, scheduled, next_leftovers)
SELECT %s, v.*, %s, '', 0, '', '' FROM unnest(
    %s::bigint[], %s::uuid[], %s::bigint[], %s::bigint[], %s::int[], %s::text[],
    %s::timestamptz[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
    %s::bool[], %s::jsonb[], %s::text[]) AS v
"""

UPDATE_HELD: Final = """
UPDATE subscribers_plansubscription s
SET quantity = v.quantity, state = v.state, starts_at = v.starts_at, ends_at = v.ends_at,
    end_reason = v.end_reason, period_number = v.period_number,
    period_starts_at = v.period_starts_at, period_ends_at = v.period_ends_at, due_at = v.due_at,
    retries = v.retries, grace_ends_at = v.grace_ends_at, scheduled = v.scheduled,
    next_version_id = v.next_version_id, next_leftovers = v.next_leftovers,
    next_quantity = v.next_quantity, overrides = v.overrides, overrides_hash = v.overrides_hash
FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::timestamptz[], %s::timestamptz[],
            %s::text[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
            %s::int[], %s::timestamptz[], %s::text[], %s::bigint[], %s::text[], %s::int[],
            %s::jsonb[], %s::text[])
     AS v(id, quantity, state, starts_at, ends_at, end_reason, period_number, period_starts_at,
          period_ends_at, due_at, retries, grace_ends_at, scheduled, next_version_id,
          next_leftovers, next_quantity, overrides, overrides_hash)
WHERE s.id = v.id
"""

INSERT_BUCKETS: Final = """
INSERT INTO charging_bucket (
    tenant_id, id, account_id, plan_subscription_id, allowance_id, allowance_key, period_number,
    name, service, unit, rating_groups, weight, granted, available, reserved, used, expired,
    valid_from, expires_at, role, is_shared, awaits_first_use, created_at)
SELECT %s, v.id, v.account_id, v.plan_subscription_id, v.allowance_id, v.allowance_key,
       v.period_number, v.name, v.service, v.unit, v.rating_groups::bigint[], v.weight,
       v.granted, v.available, 0, v.used, v.expired, v.valid_from, v.expires_at, v.role,
       v.is_shared, v.awaits_first_use, v.created_at
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::uuid[], %s::int[],
            %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::bigint[],
            %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[],
            %s::text[], %s::bool[], %s::bool[], %s::timestamptz[])
     AS v(id, account_id, plan_subscription_id, allowance_id, allowance_key, period_number, name,
          service, unit, rating_groups, weight, granted, available, used, expired, valid_from,
          expires_at, role, is_shared, awaits_first_use, created_at)
"""

UPDATE_BUCKETS: Final = """
UPDATE charging_bucket b
SET name = v.name, weight = v.weight, period_number = v.period_number, granted = v.granted,
    available = v.available, used = v.used, expired = v.expired, expires_at = v.expires_at,
    is_swept = v.is_swept, awaits_first_use = v.awaits_first_use
FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::int[], %s::bigint[], %s::bigint[],
            %s::bigint[], %s::bigint[], %s::timestamptz[], %s::bool[], %s::bool[])
     AS v(id, name, weight, period_number, granted, available, used, expired, expires_at,
          is_swept, awaits_first_use)
WHERE b.id = v.id
"""

INSERT_LEDGER: Final = """
INSERT INTO charging_ledgerentry (
    tenant_id, account_id, bucket_id, kind, available, used, expired, available_after, reason,
    reference, reserved, at, actor_kind, actor_name, request_key)
SELECT %s, v.*, 0, %s, %s, %s, '' FROM unnest(
    %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[], %s::text[], %s::uuid[]) AS v
"""

UPDATE_EVENT_SEQUENCES: Final = """
UPDATE subscribers_account a SET event_seq = v.seq
FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, seq) WHERE a.id = v.id
"""

UPDATE_STATES: Final = """
UPDATE subscribers_account a SET state = v.state, state_changed_at = %s
FROM unnest(%s::bigint[], %s::text[]) AS v(id, state) WHERE a.id = v.id
"""

INSERT_EVENTS: Final = """
INSERT INTO notifications_notificationevent (
    tenant_id, type, subject_type, subject_id, account_key, account_id, account_seq, payload,
    occurred_at, recorded_at)
SELECT %s, v.*, %s, now() FROM unnest(
    %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::jsonb[])
    AS v
"""

INSERT_AUDITS: Final = """
INSERT INTO tenancy_auditentry (
    tenant_id, at, actor_kind, actor_id, actor_name, subject_type, request_id, action, subject_id,
    before, after, reason)
SELECT %s, %s, %s, %s, %s, 'account', gen_random_uuid(), v.* FROM unnest(
    %s::text[], %s::text[], %s::jsonb[], %s::jsonb[], %s::text[]) AS v
"""

INSERT_PERIODS: Final = """
INSERT INTO subscribers_planperiod (
    tenant_id, plan_subscription_id, number, starts_at, ends_at, outcome, charged, retries, at)
SELECT %s, v.*, %s FROM unnest(
    %s::bigint[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::bigint[],
    %s::int[]) AS v
"""

POSTPONE: Final = """
UPDATE subscribers_plansubscription s
SET due_at = %(now)s + (a.clock_offset + %(seconds)s) * interval '1 second'
FROM subscribers_account a WHERE s.id = ANY(%(ids)s::bigint[]) AND a.id = s.account_id
"""
"""What failed is looked at again later, so that it does not stand first for ever."""
