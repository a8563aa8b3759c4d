-- Who keeps a project, and the tokens with which they come.

CREATE TABLE administrators (
    project     BYTEA   NOT NULL REFERENCES projects (id),
    id          UUID    NOT NULL,
    name        TEXT    NOT NULL,
    email       TEXT,
    -- The e-mail address as it is compared.
    email_key   TEXT,
    role        TEXT    NOT NULL CHECK (role IN ('owner', 'manager', 'viewer')),
    created_at  BIGINT  NOT NULL,
    removed_at  BIGINT,
    PRIMARY KEY (project, id)
);
CREATE UNIQUE INDEX administrators_email ON administrators (project, email_key) WHERE removed_at IS NULL;

CREATE TABLE tokens (
    project        BYTEA   NOT NULL,
    token_hash     BYTEA   NOT NULL CHECK (length(token_hash) = 32),
    id             UUID    NOT NULL,
    administrator  UUID    NOT NULL,
    name           TEXT    NOT NULL,
    -- Names separated by spaces, or 'all'.
    scopes         TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    expires_at     BIGINT,
    last_used_at   BIGINT,
    revoked_at     BIGINT,
    PRIMARY KEY (project, token_hash),
    FOREIGN KEY (project, administrator) REFERENCES administrators (project, id)
);
CREATE UNIQUE INDEX tokens_id ON tokens (project, id);

-- A token without an administrator becomes that of an owner of its own.
INSERT INTO administrators (project, id, name, role, created_at)
    SELECT project, id, name, 'owner', created_at FROM api_tokens WHERE revoked_at IS NULL;
INSERT INTO tokens (project, token_hash, id, administrator, name, scopes, created_at)
    SELECT project, token_hash, id, id, name, 'all', created_at FROM api_tokens WHERE revoked_at IS NULL;
DROP TABLE api_tokens;

-- Answers that were given under an idempotency key, sealed so that only whoever has the key and the token reads them.
CREATE TABLE given_answers (
    project       BYTEA   NOT NULL REFERENCES projects (id),
    key_hash      BYTEA   NOT NULL CHECK (length(key_hash) = 32),
    request_hash  BYTEA   NOT NULL CHECK (length(request_hash) = 32),
    sealed        BYTEA   NOT NULL,
    created_at    BIGINT  NOT NULL,
    PRIMARY KEY (project, key_hash)
);
CREATE INDEX given_answers_age ON given_answers (project, created_at);
