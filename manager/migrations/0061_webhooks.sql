-- Endpoints that are told what happens, and what became of each telling.

CREATE TABLE webhooks (
    project         BYTEA   NOT NULL REFERENCES projects (id),
    id              UUID    NOT NULL,
    url             TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    -- 'all', or the names of events with spaces between them.
    events          TEXT    NOT NULL,
    -- Sealed by the project's vault.
    sealed_secret   BYTEA   NOT NULL,
    -- Since when and why it is told nothing.
    off_at          BIGINT,
    off_because     TEXT    CHECK (off_because IN ('administrator', 'failing', 'gone')),
    -- Since when every attempt failed, and when the last one did.
    failing_since   BIGINT,
    failed_at       BIGINT,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    PRIMARY KEY (project, id)
);

-- Written in the transaction of the act that it tells of.
CREATE TABLE webhook_deliveries (
    project          BYTEA   NOT NULL,
    webhook          UUID    NOT NULL,
    -- That of the event: the same for every endpoint, and at every attempt.
    id               UUID    NOT NULL,
    event            TEXT    NOT NULL,
    body             TEXT    NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('queued', 'delivered', 'deferred', 'failed')),
    state_at         BIGINT  NOT NULL,
    attempts         BIGINT  NOT NULL DEFAULT 0,
    -- From when its patience counts.
    queued_at        BIGINT  NOT NULL,
    next_attempt_at  BIGINT  NOT NULL,
    -- Which run tries it, and until when; a run that died lets go of it then.
    lease            UUID,
    leased_until     BIGINT  NOT NULL DEFAULT 0,
    -- What the endpoint answered last, and the class of the error if it was one.
    answer           BIGINT,
    error            TEXT,
    created_at       BIGINT  NOT NULL,
    PRIMARY KEY (project, webhook, id),
    FOREIGN KEY (project, webhook) REFERENCES webhooks (project, id)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (project, next_attempt_at)
    WHERE state IN ('queued', 'deferred');
CREATE INDEX webhook_deliveries_of ON webhook_deliveries (project, webhook, next_attempt_at)
    WHERE state IN ('queued', 'deferred');
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (project, webhook, state, id);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (project, created_at);
