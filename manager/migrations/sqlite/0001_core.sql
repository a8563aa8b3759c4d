-- Every table leads its key with the project, so that a large operator can spread projects over machines.
-- Times are Unix seconds. Statements keep to what SQLite and PostgreSQL have in common.

CREATE TABLE projects (
    id                     BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 8),
    name                   TEXT    NOT NULL,
    time_zone              TEXT    NOT NULL,
    public_url             TEXT    NOT NULL,
    invitation_life_s      INTEGER NOT NULL CHECK (invitation_life_s BETWEEN 3600 AND 31622400),
    credential_life_s      INTEGER NOT NULL CHECK (credential_life_s BETWEEN 3600 AND 31622400),
    last_serial            INTEGER NOT NULL DEFAULT 0,
    last_reader            INTEGER NOT NULL DEFAULT 0,
    list_version           INTEGER NOT NULL DEFAULT 0,
    -- Goes up whenever something changes that an import would plan with.
    roster_version         INTEGER NOT NULL DEFAULT 0,
    audit_length           INTEGER NOT NULL DEFAULT 0,
    audit_head             BLOB    NOT NULL CHECK (length(audit_head) = 32),
    created_at             INTEGER NOT NULL
);

-- How the key that seals the issuer keys is made from what the operator has.
CREATE TABLE vaults (
    project     BLOB    NOT NULL PRIMARY KEY REFERENCES projects (id),
    kind        TEXT    NOT NULL CHECK (kind IN ('passphrase', 'key_file')),
    salt        BLOB    NOT NULL,
    memory_kib  INTEGER NOT NULL,
    passes      INTEGER NOT NULL,
    lanes       INTEGER NOT NULL
);

CREATE TABLE issuer_keys (
    project            BLOB    NOT NULL REFERENCES projects (id),
    key_index          INTEGER NOT NULL CHECK (key_index BETWEEN 0 AND 3),
    public_key         BLOB    NOT NULL CHECK (length(public_key) = 33),
    sealed_private_key BLOB    NOT NULL,
    state              TEXT    NOT NULL CHECK (state IN ('active', 'retiring')),
    created_at         INTEGER NOT NULL,
    PRIMARY KEY (project, key_index)
);
CREATE UNIQUE INDEX issuer_keys_active ON issuer_keys (project) WHERE state = 'active';

CREATE TABLE api_tokens (
    project     BLOB    NOT NULL REFERENCES projects (id),
    token_hash  BLOB    NOT NULL CHECK (length(token_hash) = 32),
    id          BLOB    NOT NULL,
    name        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER,
    PRIMARY KEY (project, token_hash)
);

CREATE TABLE users (
    project      BLOB    NOT NULL REFERENCES projects (id),
    id           BLOB    NOT NULL,
    first_name   TEXT    NOT NULL,
    last_name    TEXT    NOT NULL,
    email        TEXT    NOT NULL,
    -- The e-mail address as it is compared.
    email_key    TEXT    NOT NULL,
    user_id      TEXT    NOT NULL,
    sync_id      TEXT,
    status       TEXT    NOT NULL CHECK (status IN
        ('not_invited', 'invited', 'active', 'suspended', 'reset', 'deletion_pending', 'deleted')),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (project, id)
);
CREATE UNIQUE INDEX users_email ON users (project, email_key) WHERE status NOT IN ('deletion_pending', 'deleted');
CREATE UNIQUE INDEX users_user_id ON users (project, user_id) WHERE status NOT IN ('deletion_pending', 'deleted');
CREATE UNIQUE INDEX users_sync_id ON users (project, sync_id)
    WHERE sync_id IS NOT NULL AND status NOT IN ('deletion_pending', 'deleted');
CREATE INDEX users_name ON users (project, last_name, first_name, id);

CREATE TABLE invitations (
    project         BLOB    NOT NULL,
    secret_hash     BLOB    NOT NULL CHECK (length(secret_hash) = 32),
    id              BLOB    NOT NULL,
    holder          BLOB    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('open', 'redeemed', 'void')),
    wrong_answers   INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    redeemed_at     INTEGER,
    -- SHA-256 of the device key that redeemed it.
    key_hash        BLOB,
    device          BLOB,
    PRIMARY KEY (project, secret_hash),
    FOREIGN KEY (project, holder) REFERENCES users (project, id)
);
CREATE UNIQUE INDEX invitations_open ON invitations (project, holder) WHERE state = 'open';
CREATE INDEX invitations_user ON invitations (project, holder);

CREATE TABLE devices (
    project      BLOB    NOT NULL,
    id           BLOB    NOT NULL,
    holder       BLOB    NOT NULL,
    public_key   BLOB    NOT NULL CHECK (length(public_key) = 33),
    name         TEXT    NOT NULL,
    platform     TEXT    NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('active', 'revoked')),
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (project, id),
    FOREIGN KEY (project, holder) REFERENCES users (project, id)
);
CREATE INDEX devices_user ON devices (project, holder);

CREATE TABLE challenges (
    project      BLOB    NOT NULL REFERENCES projects (id),
    hash         BLOB    NOT NULL CHECK (length(hash) = 32),
    purpose      TEXT    NOT NULL CHECK (purpose IN ('activation', 'renewal')),
    -- The invitation or the device that it was given for.
    subject      BLOB    NOT NULL,
    expires_at   INTEGER NOT NULL,
    -- SHA-256 of the device key that answered it well.
    answered_by  BLOB,
    spent        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (project, hash)
);
CREATE INDEX challenges_expiry ON challenges (project, expires_at);

CREATE TABLE credentials (
    project      BLOB    NOT NULL,
    serial       INTEGER NOT NULL,
    device       BLOB    NOT NULL,
    not_before   INTEGER NOT NULL,
    not_after    INTEGER NOT NULL,
    octets       BLOB    NOT NULL,
    revoked_at   INTEGER,
    PRIMARY KEY (project, serial),
    FOREIGN KEY (project, device) REFERENCES devices (project, id)
);
CREATE INDEX credentials_device ON credentials (project, device, serial);
CREATE INDEX credentials_revoked ON credentials (project, not_after) WHERE revoked_at IS NOT NULL;

CREATE TABLE readers (
    project                BLOB    NOT NULL REFERENCES projects (id),
    id                     INTEGER NOT NULL,
    name                   TEXT    NOT NULL,
    public_key             BLOB    NOT NULL CHECK (length(public_key) = 33),
    presence               TEXT    NOT NULL CHECK (presence IN ('none', 'unlocked', 'verified')),
    -- The output format as JSON.
    output                 TEXT    NOT NULL,
    certificate            BLOB    NOT NULL,
    certificate_not_after  INTEGER NOT NULL,
    configuration_version  INTEGER NOT NULL,
    -- What the configuration was made of; another value means a new configuration is due.
    configuration_basis    BLOB    NOT NULL,
    configuration          BLOB    NOT NULL,
    revoked_at             INTEGER,
    created_at             INTEGER NOT NULL,
    PRIMARY KEY (project, id)
);
CREATE UNIQUE INDEX readers_public_key ON readers (project, public_key);
CREATE INDEX readers_revoked ON readers (project, certificate_not_after) WHERE revoked_at IS NOT NULL;

CREATE TABLE revocation_lists (
    project     BLOB    NOT NULL REFERENCES projects (id),
    version     INTEGER NOT NULL,
    issued_at   INTEGER NOT NULL,
    octets      BLOB    NOT NULL,
    PRIMARY KEY (project, version)
);

CREATE TABLE plans (
    project         BLOB    NOT NULL REFERENCES projects (id),
    id              BLOB    NOT NULL,
    roster_version  INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    applied_at      INTEGER,
    -- What was detected and counted, and why the plan wants to be confirmed.
    header          TEXT    NOT NULL,
    PRIMARY KEY (project, id)
);

CREATE TABLE plan_steps (
    project     BLOB    NOT NULL,
    plan        BLOB    NOT NULL,
    ordinal     INTEGER NOT NULL,
    step        TEXT    NOT NULL,
    PRIMARY KEY (project, plan, ordinal),
    FOREIGN KEY (project, plan) REFERENCES plans (project, id)
);

CREATE TABLE audit (
    project     BLOB    NOT NULL REFERENCES projects (id),
    sequence    INTEGER NOT NULL,
    time        INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    act         TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    previous    BLOB    NOT NULL CHECK (length(previous) = 32),
    hash        BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (project, sequence)
);
