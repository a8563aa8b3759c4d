-- Revocations that are known from a signed list only, of credentials that a restored database does not have.

CREATE TABLE carried_revocations (
    project     BYTEA   NOT NULL REFERENCES projects (id),
    serial      BIGINT  NOT NULL,
    -- When the credential has expired whatever its life was.
    until       BIGINT  NOT NULL,
    PRIMARY KEY (project, serial)
);
