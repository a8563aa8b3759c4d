-- The life of users and phones: by what people are found and listed, what became of invitations, who knows of a
-- revocation.

-- Folded, so that case, accents and umlauts do not matter; see `domain/search.rs`.
ALTER TABLE users ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN given_key TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN mail_key TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN id_key TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN sync_key TEXT;
DROP INDEX users_name;
CREATE INDEX users_listed_by_name ON users (project, status, name_key, id);
CREATE INDEX users_listed_by_creation ON users (project, status, id);
CREATE INDEX users_listed_by_change ON users (project, status, updated_at, id);
CREATE INDEX users_found_by_first_name ON users (project, given_key, id);
CREATE INDEX users_found_by_mail ON users (project, mail_key, id);
CREATE INDEX users_found_by_id ON users (project, id_key, id);
CREATE INDEX users_found_by_sync_id ON users (project, sync_key, id) WHERE sync_key IS NOT NULL;

-- Names from each further word on, where no key of the user begins.
CREATE TABLE user_words (
    project  BYTEA  NOT NULL,
    word     TEXT   NOT NULL,
    holder   UUID   NOT NULL,
    PRIMARY KEY (project, word, holder),
    FOREIGN KEY (project, holder) REFERENCES users (project, id)
);
CREATE INDEX user_words_holder ON user_words (project, holder, word);

-- When a phone asked for the first challenge, and of what its holder was reminded.
ALTER TABLE invitations ADD COLUMN opened_at BIGINT;
ALTER TABLE invitations ADD COLUMN reminded_at BIGINT;
ALTER TABLE invitations ADD COLUMN end_told BIGINT NOT NULL DEFAULT 0;
CREATE INDEX invitations_expiry ON invitations (project, expires_at) WHERE state = 'open';

ALTER TABLE devices ADD COLUMN revoked_at BIGINT;
-- When the phone last heard that its credential was revoked.
ALTER TABLE devices ADD COLUMN told_at BIGINT;

ALTER TABLE credentials ADD COLUMN issued_at BIGINT NOT NULL DEFAULT 0;
-- The first revocation list that names it.
ALTER TABLE credentials ADD COLUMN list_version BIGINT;
CREATE INDEX credentials_unlisted ON credentials (project) WHERE revoked_at IS NOT NULL AND list_version IS NULL;

-- Which list a reader had, and since when as far as anybody knows.
CREATE TABLE reader_lists (
    project       BYTEA   NOT NULL,
    reader        BIGINT  NOT NULL,
    list_version  BIGINT  NOT NULL,
    since         BIGINT  NOT NULL,
    PRIMARY KEY (project, reader, list_version),
    FOREIGN KEY (project, reader) REFERENCES readers (project, id)
);

-- Challenges live for minutes: the table is made anew, for a purpose more.
DROP TABLE challenges;
CREATE TABLE challenges (
    project      BYTEA   NOT NULL REFERENCES projects (id),
    hash         BYTEA   NOT NULL CHECK (length(hash) = 32),
    purpose      TEXT    NOT NULL CHECK (purpose IN ('activation', 'renewal', 'reset')),
    -- The invitation or the device that it was given for.
    subject      UUID    NOT NULL,
    expires_at   BIGINT  NOT NULL,
    -- SHA-256 of the device key that answered it well.
    answered_by  BYTEA,
    spent        BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (project, hash)
);
CREATE INDEX challenges_expiry ON challenges (project, expires_at);
CREATE INDEX challenges_subject ON challenges (project, subject);
