-- The key that seals what is secret beside the issuer keys, sealed as those are.
CREATE TABLE data_keys (
    project  BYTEA  NOT NULL PRIMARY KEY REFERENCES projects (id),
    sealed   BYTEA  NOT NULL
);
-- The language in which a user gets mail; that of the project if there is none.
ALTER TABLE users ADD COLUMN language TEXT;
-- The last mail that was written to a user.
ALTER TABLE users ADD COLUMN last_mail UUID;
-- The secret of an invitation that is open, sealed by the project's vault, so that it can be mailed.
ALTER TABLE invitations ADD COLUMN sealed_secret BYTEA;
CREATE INDEX invitations_sealed ON invitations (project, expires_at) WHERE sealed_secret IS NOT NULL;

-- Mail to be sent, and what became of it. The secret of an invitation is not in it.
CREATE TABLE outbox (
    project          BYTEA   NOT NULL REFERENCES projects (id),
    id               UUID    NOT NULL,
    kind             TEXT    NOT NULL,
    -- The user it is to, if it is to one.
    holder           UUID,
    -- The invitation that it carries, if it carries one.
    invitation       UUID,
    -- Decided at the first attempt if it is not set.
    language         TEXT,
    address          TEXT    NOT NULL,
    -- What the text is filled in with beside the user and the project, as JSON.
    fields           TEXT    NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'deferred', 'bounced', 'dropped')),
    -- Since when the mail is in this state.
    state_at         BIGINT  NOT NULL,
    attempts         BIGINT  NOT NULL DEFAULT 0,
    next_attempt_at  BIGINT  NOT NULL,
    -- Which run tries it, and until when; a run that died lets go of it then.
    lease            UUID,
    leased_until     BIGINT  NOT NULL DEFAULT 0,
    -- The class of the last error, without anything personal.
    error            TEXT,
    -- Fixed at the first attempt.
    message_id       TEXT,
    created_at       BIGINT  NOT NULL,
    PRIMARY KEY (project, id)
);
CREATE INDEX outbox_due ON outbox (project, next_attempt_at) WHERE state IN ('queued', 'deferred');
CREATE INDEX outbox_holder ON outbox (project, holder, id) WHERE holder IS NOT NULL;
CREATE INDEX outbox_state ON outbox (project, state, id);

-- Who the mail of a project is from, and how it leaves; everything that is not set is the installation's.
CREATE TABLE mail_settings (
    project          BYTEA   NOT NULL PRIMARY KEY REFERENCES projects (id),
    from_address     TEXT,
    from_name        TEXT,
    reply_to         TEXT,
    bounce_address   TEXT,
    language         TEXT    NOT NULL,
    -- Mails that leave in a minute at most.
    per_minute       BIGINT  NOT NULL,
    smtp_url         TEXT,
    -- Sealed by the project's vault.
    smtp_password    BYTEA,
    smtp_authorities TEXT
);

-- Texts that a project has in place of the standard ones.
CREATE TABLE mail_texts (
    project     BYTEA   NOT NULL REFERENCES projects (id),
    kind        TEXT    NOT NULL,
    language    TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    plain       TEXT    NOT NULL,
    html        TEXT    NOT NULL,
    updated_at  BIGINT  NOT NULL,
    PRIMARY KEY (project, kind, language)
);

-- Who is told when something goes wrong.
CREATE TABLE alert_recipients (
    project     BYTEA   NOT NULL REFERENCES projects (id),
    address     TEXT    NOT NULL,
    language    TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (project, address)
);

CREATE TABLE alerts (
    project     BYTEA   NOT NULL REFERENCES projects (id),
    id          UUID    NOT NULL,
    kind        TEXT    NOT NULL,
    -- Whom or what it is about.
    subject     TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    -- When the mails about it were written.
    told_at     BIGINT,
    PRIMARY KEY (project, id)
);
CREATE INDEX alerts_untold ON alerts (project, kind, id) WHERE told_at IS NULL;
CREATE INDEX alerts_told ON alerts (project, kind, told_at) WHERE told_at IS NOT NULL;
