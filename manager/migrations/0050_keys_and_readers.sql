-- Issuer keys that rotate, keys in a PKCS#11 token, and what is known of the state of readers.

-- Goes up whenever the issuer keys change, so that every process knows that its copy is old.
ALTER TABLE projects ADD COLUMN ring_version BIGINT NOT NULL DEFAULT 0;

CREATE TABLE issuer_ring (
    project            BYTEA   NOT NULL REFERENCES projects (id),
    key_index          BIGINT  NOT NULL CHECK (key_index BETWEEN 0 AND 255),
    public_key         BYTEA   NOT NULL CHECK (length(public_key) = 33),
    -- The sealed private key, or its identifier in the token; empty once the key is retired.
    private_key        BYTEA   NOT NULL,
    place              TEXT    NOT NULL CHECK (place IN ('sealed', 'token')),
    state              TEXT    NOT NULL CHECK (state IN ('prepared', 'active', 'retiring', 'retired')),
    created_at         BIGINT  NOT NULL,
    activated_at       BIGINT,
    deactivated_at     BIGINT,
    retired_at         BIGINT,
    -- The version of the ring that was the first with this key, and the first in which it signs no more.
    created_ring       BIGINT  NOT NULL,
    deactivated_ring   BIGINT,
    PRIMARY KEY (project, key_index)
);
INSERT INTO issuer_ring (project, key_index, public_key, private_key, place, state, created_at, activated_at, created_ring)
    SELECT project, key_index, public_key, sealed_private_key, 'sealed', state, created_at, created_at, 0 FROM issuer_keys;
DROP TABLE issuer_keys;
ALTER TABLE issuer_ring RENAME TO issuer_keys;
CREATE UNIQUE INDEX issuer_keys_active ON issuer_keys (project) WHERE state = 'active';

CREATE TABLE key_stores (
    project     BYTEA   NOT NULL PRIMARY KEY REFERENCES projects (id),
    kind        TEXT    NOT NULL CHECK (kind IN ('passphrase', 'key_file', 'token')),
    salt        BYTEA   NOT NULL,
    memory_kib  BIGINT  NOT NULL,
    passes      BIGINT  NOT NULL,
    lanes       BIGINT  NOT NULL
);
INSERT INTO key_stores (project, kind, salt, memory_kib, passes, lanes)
    SELECT project, kind, salt, memory_kib, passes, lanes FROM vaults;
DROP TABLE vaults;
ALTER TABLE key_stores RENAME TO vaults;

ALTER TABLE readers ADD COLUMN place TEXT NOT NULL DEFAULT '';
-- The version of the ring in the newest configuration.
ALTER TABLE readers ADD COLUMN configuration_ring BIGINT NOT NULL DEFAULT 0;
-- The newest configuration that was handed out.
ALTER TABLE readers ADD COLUMN fetched_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE readers ADD COLUMN fetched_ring BIGINT NOT NULL DEFAULT -1;
ALTER TABLE readers ADD COLUMN fetched_at BIGINT;
UPDATE readers SET fetched_version = configuration_version, fetched_ring = 0, fetched_at = created_at;
