-- What readers report through phones.

-- The key that readers report to; its private half is sealed by the project's vault.
CREATE TABLE report_keys (
    project             BYTEA   NOT NULL PRIMARY KEY REFERENCES projects (id),
    public_key          BYTEA   NOT NULL CHECK (length(public_key) = 33),
    sealed_private_key  BYTEA   NOT NULL,
    created_at          BIGINT  NOT NULL
);

-- The end of each reader's chain of events; whoever adds to the chain locks it.
CREATE TABLE reader_chains (
    project  BYTEA   NOT NULL,
    reader   BIGINT  NOT NULL,
    length   BIGINT  NOT NULL,
    head     BYTEA   NOT NULL,
    PRIMARY KEY (project, reader),
    FOREIGN KEY (project, reader) REFERENCES readers (project, id)
);

-- The logs that a reader has had, in the order in which they were first heard of.
CREATE TABLE reader_logs (
    project      BYTEA   NOT NULL,
    reader       BIGINT  NOT NULL,
    log          BYTEA   NOT NULL CHECK (length(log) = 8),
    -- Up to this number every entry has arrived or is lost.
    complete_to  BIGINT  NOT NULL,
    -- The highest number that has arrived, and how many have.
    newest       BIGINT  NOT NULL,
    arrived      BIGINT  NOT NULL,
    heard_at     BIGINT  NOT NULL,
    PRIMARY KEY (project, reader, log),
    FOREIGN KEY (project, reader) REFERENCES reader_chains (project, reader)
);

CREATE TABLE reader_events (
    project      BYTEA   NOT NULL,
    reader       BIGINT  NOT NULL,
    -- In the chain of the reader, from 1.
    place        BIGINT  NOT NULL,
    id           UUID    NOT NULL,
    log          BYTEA   NOT NULL,
    number       BIGINT  NOT NULL,
    -- By the reader's clock; NULL if it had none.
    at           BIGINT,
    received_at  BIGINT  NOT NULL,
    kind         BIGINT  NOT NULL,
    body         BYTEA   NOT NULL,
    -- What follows from the body.
    serial       BIGINT,
    holder       UUID,
    receipt      TEXT    CHECK (receipt IN ('holds', 'broken')),
    -- Covers the event and the hash of the one before.
    hash         BYTEA   NOT NULL,
    PRIMARY KEY (project, reader, place),
    FOREIGN KEY (project, reader, log) REFERENCES reader_logs (project, reader, log)
);
CREATE UNIQUE INDEX reader_events_once ON reader_events (project, reader, log, number);
CREATE INDEX reader_events_holder ON reader_events (project, holder, id);
