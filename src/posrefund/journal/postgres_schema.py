"""The tables of a journal in PostgreSQL: one database for any number of terminals. Floor 5.

Requests, sales and attempts are shared, and so are their guards: a sale has one ceiling, whichever
terminal gives it back. Chain, facts and lease are each terminal's own. Versions go forward as in
``schema``.
"""

from __future__ import annotations

from posrefund.journal.schema import (
    APPROVALS,
    DEVICE_QUESTIONS,
    FIND,
    LOOK_UP,
    OPEN_NAMES,
    OUTBOX,
    PAID_BY_CODE,
    RULE_LOOK_UPS,
    STAFF,
)

__all__ = ["POSTGRES_VERSIONS"]

_TABLES = f"""
CREATE TABLE meta (
    terminal TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (terminal, key)
);

CREATE TABLE leases (
    terminal TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    until TIMESTAMPTZ NOT NULL
);

CREATE TABLE chain (
    terminal TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    link BYTEA NOT NULL CHECK (octet_length(link) = 32),
    PRIMARY KEY (terminal, seq)
);
CREATE INDEX chain_by_kind ON chain (terminal, kind, seq);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the chain is append-only'; END $$;
CREATE TRIGGER chain_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON chain
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE requests (request_id TEXT PRIMARY KEY, content TEXT NOT NULL);

CREATE TABLE originals (
    rowid BIGINT GENERATED ALWAYS AS IDENTITY,
    learned_by TEXT NOT NULL,
    original_id TEXT PRIMARY KEY,
    terminal TEXT NOT NULL,
    merchant TEXT NOT NULL,
    batch TEXT NOT NULL,
    stan TEXT NOT NULL,
    rrn TEXT NOT NULL,
    transaction_date TEXT NOT NULL,
    settlement_date TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    auth_code TEXT,
    card_fingerprint TEXT NOT NULL,
    organisation TEXT,
    reserved_minor BIGINT NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
    accepted_minor BIGINT NOT NULL DEFAULT 0 CHECK (accepted_minor >= 0),
    CONSTRAINT one_id_per_sale UNIQUE (terminal, merchant, batch, stan, transaction_date),
    CONSTRAINT ceiling CHECK (reserved_minor + accepted_minor <= amount_minor)
);
CREATE INDEX originals_by_slip ON originals (rrn, transaction_date);
CREATE INDEX originals_by_learner ON originals (learned_by);

CREATE TABLE attempts (
    rowid BIGINT GENERATED ALWAYS AS IDENTITY,
    request_id TEXT NOT NULL REFERENCES requests,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    hold TEXT NOT NULL,
    terminal TEXT NOT NULL,
    merchant TEXT NOT NULL,
    batch TEXT NOT NULL,
    stan TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    fields TEXT NOT NULL,
    key_set_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    host_day TEXT NOT NULL,
    card_masked TEXT NOT NULL,
    card_fingerprint TEXT NOT NULL,
    original_id TEXT REFERENCES originals,
    copies INTEGER NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (request_id, number),
    CONSTRAINT stan_used_once UNIQUE (terminal, batch, stan)
);
CREATE UNIQUE INDEX one_open_attempt_per_request ON attempts (request_id)
    WHERE state IN ({OPEN_NAMES});
CREATE UNIQUE INDEX one_open_attempt_per_original ON attempts (original_id)
    WHERE original_id IS NOT NULL AND state IN ({OPEN_NAMES});
CREATE INDEX attempts_by_state ON attempts (terminal, state);
CREATE INDEX attempts_by_original ON attempts (original_id);
CREATE INDEX attempts_by_stan ON attempts (terminal, stan);

CREATE TABLE sealed_cards (
    attempt_id TEXT PRIMARY KEY,
    item_key BYTEA NOT NULL,
    box BYTEA NOT NULL
);
"""

_HOST_ONLY = """
CREATE INDEX chain_host_only ON chain (subject) WHERE kind = 'host_only';
"""
"""Each refund asks for it, of every terminal."""

_APPROVAL_IS_FINAL = """
CREATE FUNCTION refuse_second_use() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'an approval is used once, for what was approved'; END $$;
CREATE TRIGGER approval_is_used_once BEFORE UPDATE ON approvals FOR EACH ROW
    WHEN (OLD.state NOT IN ('AWAITING_APPROVAL', 'CLEARED')
      OR OLD.digest <> NEW.digest OR OLD.maker <> NEW.maker
      OR (OLD.checker IS NOT NULL AND NEW.checker IS DISTINCT FROM OLD.checker)
      OR (OLD.state = 'AWAITING_APPROVAL' AND NEW.state = 'INTENT'))
    EXECUTE FUNCTION refuse_second_use();
"""

_DEVICE_ANSWER_IS_FINAL = """
CREATE FUNCTION refuse_second_answer() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a device question is answered once'; END $$;
CREATE TRIGGER device_answer_is_final BEFORE UPDATE ON device_questions FOR EACH ROW
    WHEN (OLD.state <> 'OPEN')
    EXECUTE FUNCTION refuse_second_answer();
"""

_STAFF_STAYS = """
CREATE FUNCTION refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'an operator is deactivated, never deleted'; END $$;
CREATE TRIGGER nobody_is_deleted BEFORE DELETE OR TRUNCATE ON staff
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_deletion();
CREATE FUNCTION refuse_other_delegation() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a delegation is ended, never changed'; END $$;
CREATE TRIGGER delegation_is_final BEFORE UPDATE ON delegations FOR EACH ROW
    WHEN (OLD.ended_by <> '' OR OLD.giver <> NEW.giver OR OLD.taker <> NEW.taker
      OR OLD.manager <> NEW.manager OR OLD.since <> NEW.since OR OLD.until <> NEW.until)
    EXECUTE FUNCTION refuse_other_delegation();
CREATE TRIGGER role_of_a_yes_is_final BEFORE UPDATE ON approvals FOR EACH ROW
    WHEN (OLD.checker IS NOT NULL AND NEW.in_role_of IS DISTINCT FROM OLD.in_role_of)
    EXECUTE FUNCTION refuse_second_use();
"""

_DISMISSAL_IS_FINAL = """
CREATE FUNCTION refuse_second_dismissal() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a proposal is dismissed once, and never changed'; END $$;
CREATE TRIGGER dismissal_is_final BEFORE UPDATE ON proposals FOR EACH ROW
    WHEN (OLD.dismissed_at IS NOT NULL OR OLD.rule <> NEW.rule
      OR OLD.original_id <> NEW.original_id OR OLD.amount_minor <> NEW.amount_minor)
    EXECUTE FUNCTION refuse_second_dismissal();
"""

POSTGRES_VERSIONS = (
    _TABLES,
    _HOST_ONLY,
    APPROVALS.replace(" INTEGER NOT NULL CHECK", " BIGINT NOT NULL CHECK") % {"strict": ""}
    + _APPROVAL_IS_FINAL,
    DEVICE_QUESTIONS.replace("amount_minor INTEGER", "amount_minor BIGINT") % {"strict": ""}
    + _DEVICE_ANSWER_IS_FINAL,
    LOOK_UP,
    OUTBOX.replace(" BLOB ", " BYTEA ") % {"strict": "", "keyed": ""},
    STAFF % {"strict": ""} + _STAFF_STAYS,
    RULE_LOOK_UPS,
    FIND.replace("amount_minor INTEGER", "amount_minor BIGINT") % {"strict": ""}
    + _DISMISSAL_IS_FINAL,
    PAID_BY_CODE,
)
"""The first makes version 1 of nothing, each one after it the next version of the one before."""
