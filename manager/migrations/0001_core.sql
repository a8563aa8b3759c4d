-- Every table leads its key with the project, so that a large operator can spread projects over machines.
-- Times are Unix seconds. The names of types are PostgreSQL's; SQLite's are put in their place when the tables are made.

CREATE TABLE projects (
    id                     BYTEA   NOT NULL PRIMARY KEY CHECK (length(id) = 8),
    -- Projects are listed in the order in which they were made; the first is served at the root.
    ordinal                BIGINT  NOT NULL,
    name                   TEXT    NOT NULL,
    time_zone              TEXT    NOT NULL,
    public_url             TEXT    NOT NULL,
    invitation_life_s      BIGINT  NOT NULL CHECK (invitation_life_s BETWEEN 3600 AND 31622400),
    credential_life_s      BIGINT  NOT NULL CHECK (credential_life_s BETWEEN 3600 AND 31622400),
    -- By what the project knows the challenges for renewal again that it gave.
    challenge_secret       BYTEA   NOT NULL CHECK (length(challenge_secret) = 32),
    last_reader            BIGINT  NOT NULL DEFAULT 0,
    list_version           BIGINT  NOT NULL DEFAULT 0,
    -- Goes up whenever a setting or an issuer key changes; processes read them again then.
    settings_version       BIGINT  NOT NULL DEFAULT 0,
    -- Goes up whenever something changes that an import would plan with.
    roster_version         BIGINT  NOT NULL DEFAULT 0,
    audit_length           BIGINT  NOT NULL DEFAULT 0,
    audit_head             BYTEA   NOT NULL CHECK (length(audit_head) = 32),
    created_at             BIGINT  NOT NULL
);
CREATE UNIQUE INDEX projects_name ON projects (name);

-- How the key that seals the issuer keys is made from what the operator has.
CREATE TABLE vaults (
    project     BYTEA   NOT NULL PRIMARY KEY REFERENCES projects (id),
    kind        TEXT    NOT NULL CHECK (kind IN ('passphrase', 'key_file')),
    salt        BYTEA   NOT NULL,
    memory_kib  BIGINT  NOT NULL,
    passes      BIGINT  NOT NULL,
    lanes       BIGINT  NOT NULL
);

CREATE TABLE issuer_keys (
    project            BYTEA   NOT NULL REFERENCES projects (id),
    key_index          BIGINT  NOT NULL CHECK (key_index BETWEEN 0 AND 3),
    public_key         BYTEA   NOT NULL CHECK (length(public_key) = 33),
    sealed_private_key BYTEA   NOT NULL,
    state              TEXT    NOT NULL CHECK (state IN ('active', 'retiring')),
    created_at         BIGINT  NOT NULL,
    PRIMARY KEY (project, key_index)
);
CREATE UNIQUE INDEX issuer_keys_active ON issuer_keys (project) WHERE state = 'active';

CREATE TABLE api_tokens (
    project     BYTEA   NOT NULL REFERENCES projects (id),
    token_hash  BYTEA   NOT NULL CHECK (length(token_hash) = 32),
    id          UUID    NOT NULL,
    name        TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    revoked_at  BIGINT,
    PRIMARY KEY (project, token_hash)
);

CREATE TABLE users (
    project      BYTEA   NOT NULL REFERENCES projects (id),
    id           UUID    NOT NULL,
    first_name   TEXT    NOT NULL,
    last_name    TEXT    NOT NULL,
    email        TEXT    NOT NULL,
    -- The e-mail address as it is compared.
    email_key    TEXT    NOT NULL,
    user_id      TEXT    NOT NULL,
    sync_id      TEXT,
    status       TEXT    NOT NULL CHECK (status IN
        ('not_invited', 'invited', 'active', 'suspended', 'reset', 'deletion_pending', 'deleted')),
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    PRIMARY KEY (project, id)
);
CREATE UNIQUE INDEX users_email ON users (project, email_key) WHERE status NOT IN ('deletion_pending', 'deleted');
CREATE UNIQUE INDEX users_user_id ON users (project, user_id) WHERE status NOT IN ('deletion_pending', 'deleted');
CREATE UNIQUE INDEX users_sync_id ON users (project, sync_id)
    WHERE sync_id IS NOT NULL AND status NOT IN ('deletion_pending', 'deleted');
CREATE INDEX users_name ON users (project, last_name, first_name, id);

CREATE TABLE invitations (
    project         BYTEA   NOT NULL,
    secret_hash     BYTEA   NOT NULL CHECK (length(secret_hash) = 32),
    id              UUID    NOT NULL,
    holder          UUID    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('open', 'redeemed', 'void')),
    wrong_answers   BIGINT  NOT NULL DEFAULT 0,
    created_at      BIGINT  NOT NULL,
    expires_at      BIGINT  NOT NULL,
    redeemed_at     BIGINT,
    -- SHA-256 of the device key that redeemed it.
    key_hash        BYTEA,
    device          UUID,
    PRIMARY KEY (project, secret_hash),
    FOREIGN KEY (project, holder) REFERENCES users (project, id)
);
CREATE UNIQUE INDEX invitations_open ON invitations (project, holder) WHERE state = 'open';
CREATE INDEX invitations_user ON invitations (project, holder);

CREATE TABLE devices (
    project      BYTEA   NOT NULL,
    id           UUID    NOT NULL,
    holder       UUID    NOT NULL,
    public_key   BYTEA   NOT NULL CHECK (length(public_key) = 33),
    name         TEXT    NOT NULL,
    platform     TEXT    NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('active', 'revoked')),
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (project, id),
    FOREIGN KEY (project, holder) REFERENCES users (project, id)
);
CREATE INDEX devices_user ON devices (project, holder);

CREATE TABLE challenges (
    project      BYTEA   NOT NULL REFERENCES projects (id),
    hash         BYTEA   NOT NULL CHECK (length(hash) = 32),
    purpose      TEXT    NOT NULL CHECK (purpose IN ('activation', 'renewal')),
    -- The invitation or the device that it was given for.
    subject      UUID    NOT NULL,
    expires_at   BIGINT  NOT NULL,
    -- SHA-256 of the device key that answered it well.
    answered_by  BYTEA,
    spent        BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (project, hash)
);
CREATE INDEX challenges_expiry ON challenges (project, expires_at);

-- Answered challenges for renewal, until they expire.
CREATE TABLE renewals (
    project      BYTEA   NOT NULL REFERENCES projects (id),
    -- The expiry of the challenge, then the beginning of its hash: rows of one time lie together.
    mark         BYTEA   NOT NULL CHECK (length(mark) = 32),
    device       UUID    NOT NULL,
    -- What it was answered with, unless it was refused.
    serial       BIGINT,
    PRIMARY KEY (project, mark)
);

-- Apart from the projects, so that renewals wait for nobody who changes something else.
CREATE TABLE serials (
    project      BYTEA   NOT NULL PRIMARY KEY REFERENCES projects (id),
    last_serial  BIGINT  NOT NULL
);

CREATE TABLE credentials (
    project      BYTEA   NOT NULL,
    serial       BIGINT  NOT NULL,
    device       UUID    NOT NULL,
    not_before   BIGINT  NOT NULL,
    not_after    BIGINT  NOT NULL,
    octets       BYTEA   NOT NULL,
    revoked_at   BIGINT,
    PRIMARY KEY (project, serial),
    FOREIGN KEY (project, device) REFERENCES devices (project, id)
);
CREATE INDEX credentials_device ON credentials (project, device, serial);
CREATE INDEX credentials_revoked ON credentials (project, not_after) WHERE revoked_at IS NOT NULL;

CREATE TABLE readers (
    project                BYTEA   NOT NULL REFERENCES projects (id),
    id                     BIGINT  NOT NULL,
    name                   TEXT    NOT NULL,
    public_key             BYTEA   NOT NULL CHECK (length(public_key) = 33),
    presence               TEXT    NOT NULL CHECK (presence IN ('none', 'unlocked', 'verified')),
    -- The output format as JSON.
    output                 TEXT    NOT NULL,
    certificate            BYTEA   NOT NULL,
    certificate_not_after  BIGINT  NOT NULL,
    configuration_version  BIGINT  NOT NULL,
    -- What the configuration was made of; another value means a new configuration is due.
    configuration_basis    BYTEA   NOT NULL,
    configuration          BYTEA   NOT NULL,
    revoked_at             BIGINT,
    created_at             BIGINT  NOT NULL,
    PRIMARY KEY (project, id)
);
CREATE UNIQUE INDEX readers_public_key ON readers (project, public_key);
CREATE INDEX readers_revoked ON readers (project, certificate_not_after) WHERE revoked_at IS NOT NULL;

CREATE TABLE revocation_lists (
    project     BYTEA   NOT NULL REFERENCES projects (id),
    version     BIGINT  NOT NULL,
    issued_at   BIGINT  NOT NULL,
    octets      BYTEA   NOT NULL,
    PRIMARY KEY (project, version)
);

CREATE TABLE plans (
    project         BYTEA   NOT NULL REFERENCES projects (id),
    id              UUID    NOT NULL,
    roster_version  BIGINT  NOT NULL,
    created_at      BIGINT  NOT NULL,
    applied_at      BIGINT,
    -- What was detected and counted, and why the plan wants to be confirmed.
    header          TEXT    NOT NULL,
    PRIMARY KEY (project, id)
);

CREATE TABLE plan_steps (
    project     BYTEA   NOT NULL,
    plan        UUID    NOT NULL,
    ordinal     BIGINT  NOT NULL,
    step        TEXT    NOT NULL,
    PRIMARY KEY (project, plan, ordinal),
    FOREIGN KEY (project, plan) REFERENCES plans (project, id)
);

CREATE TABLE audit (
    project     BYTEA   NOT NULL REFERENCES projects (id),
    sequence    BIGINT  NOT NULL,
    time        BIGINT  NOT NULL,
    actor       TEXT    NOT NULL,
    act         TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    previous    BYTEA   NOT NULL CHECK (length(previous) = 32),
    hash        BYTEA   NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (project, sequence)
);
