-- Who signs in to the administrators' page. A person signs in once for all projects of an installation, so these tables
-- stand beside the projects; what the person may do is that of the administrators whose links were opened while signed in.

CREATE TABLE accounts (
    id             UUID    NOT NULL PRIMARY KEY,
    -- The project whose key seals the secret for one-time codes.
    project        BYTEA   NOT NULL REFERENCES projects (id),
    name           TEXT    NOT NULL,
    email          TEXT    NOT NULL,
    -- The e-mail address as it is compared.
    email_key      TEXT    NOT NULL,
    -- Argon2id in the form of PHC, if there is a password.
    password_hash  TEXT,
    totp_sealed    BYTEA,
    -- The last step whose one-time code was used: none is used twice.
    totp_step      BIGINT  NOT NULL DEFAULT 0,
    created_at     BIGINT  NOT NULL
);
CREATE UNIQUE INDEX accounts_email ON accounts (email_key);

-- Wrong answers in a row to an e-mail address, whether or not there is an account of that address.
CREATE TABLE sign_in_tries (
    -- SHA-256 of the address as it is compared.
    hash           BYTEA   NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    wrong_answers  BIGINT  NOT NULL,
    locked_until   BIGINT  NOT NULL,
    last_at        BIGINT  NOT NULL
);
CREATE INDEX sign_in_tries_age ON sign_in_tries (last_at);

CREATE TABLE account_administrators (
    project        BYTEA   NOT NULL,
    administrator  UUID    NOT NULL,
    account        UUID    NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (project, administrator),
    FOREIGN KEY (project, administrator) REFERENCES administrators (project, id)
);
CREATE UNIQUE INDEX account_administrators_account ON account_administrators (account, project);

CREATE TABLE passkeys (
    account        UUID    NOT NULL REFERENCES accounts (id),
    id             UUID    NOT NULL,
    -- SHA-256 of the credential's id.
    credential     BYTEA   NOT NULL CHECK (length(credential) = 32),
    -- The public key with its counter, as JSON.
    passkey        TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    last_used_at   BIGINT,
    PRIMARY KEY (account, id)
);
CREATE UNIQUE INDEX passkeys_credential ON passkeys (credential);

CREATE TABLE page_sessions (
    token_hash     BYTEA   NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    id             UUID    NOT NULL,
    account        UUID    NOT NULL REFERENCES accounts (id),
    -- What the browser calls itself.
    browser        TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    last_used_at   BIGINT  NOT NULL,
    expires_at     BIGINT  NOT NULL,
    revoked_at     BIGINT
);
CREATE UNIQUE INDEX page_sessions_id ON page_sessions (id);
CREATE INDEX page_sessions_account ON page_sessions (account, id);
CREATE INDEX page_sessions_expiry ON page_sessions (expires_at);

-- Links with which administrators come to the page for the first time.
CREATE TABLE enrolments (
    project        BYTEA   NOT NULL,
    code_hash      BYTEA   NOT NULL CHECK (length(code_hash) = 32),
    administrator  UUID    NOT NULL,
    created_at     BIGINT  NOT NULL,
    expires_at     BIGINT  NOT NULL,
    used_at        BIGINT,
    PRIMARY KEY (project, code_hash),
    FOREIGN KEY (project, administrator) REFERENCES administrators (project, id)
);
CREATE INDEX enrolments_administrator ON enrolments (project, administrator);

-- What was asked of a passkey or of a new authenticator app and waits for the answer, sealed.
CREATE TABLE ceremonies (
    hash           BYTEA   NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    state          TEXT    NOT NULL,
    expires_at     BIGINT  NOT NULL
);
CREATE INDEX ceremonies_expiry ON ceremonies (expires_at);
