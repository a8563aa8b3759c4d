-- Digital ID cards: templates, cards with their photos, invitations to a card alone, and phones that have only a card.

CREATE TABLE card_templates (
    project     BYTEA   NOT NULL REFERENCES projects (id),
    id          UUID    NOT NULL,
    name        TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('draft', 'approved')),
    -- The design as JSON.
    design      TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    PRIMARY KEY (project, id)
);
CREATE UNIQUE INDEX card_templates_name ON card_templates (project, name);

CREATE TABLE cards (
    project            BYTEA   NOT NULL,
    id                 UUID    NOT NULL,
    template           UUID    NOT NULL,
    -- The user whose card it is, if it is one's.
    holder             UUID,
    card_id            TEXT    NOT NULL,
    -- A card whose phone was revoked is uninstalled, whatever stands here.
    status             TEXT    NOT NULL CHECK (status IN
        ('inactive', 'active', 'deactivated', 'archived', 'uninstalled')),
    -- Values by the keys of their fields, as JSON.
    fields             TEXT    NOT NULL,
    barcode_value      TEXT,
    unique_identifier  TEXT,
    -- As it is compared.
    identifier_key     TEXT,
    -- Security questions with the hashes of their answers, as JSON.
    questions          TEXT    NOT NULL,
    expires_at         BIGINT,
    time_zone          TEXT,
    expiry_rule        TEXT    NOT NULL,
    email              TEXT,
    photo_refused      BIGINT  NOT NULL DEFAULT 0,
    wrong_answers      BIGINT  NOT NULL DEFAULT 0,
    locked_until       BIGINT,
    -- The phone that has it: one of `devices` or of `card_devices`.
    device             UUID,
    installed_at       BIGINT,
    terms_accepted     TEXT,
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL,
    PRIMARY KEY (project, id),
    FOREIGN KEY (project, template) REFERENCES card_templates (project, id),
    FOREIGN KEY (project, holder) REFERENCES users (project, id)
);
CREATE UNIQUE INDEX cards_card_id ON cards (project, template, card_id);
CREATE UNIQUE INDEX cards_identifier ON cards (project, template, identifier_key) WHERE identifier_key IS NOT NULL;
CREATE UNIQUE INDEX cards_holder ON cards (project, holder) WHERE holder IS NOT NULL AND status <> 'archived';
CREATE INDEX cards_device ON cards (project, device) WHERE device IS NOT NULL;

-- What a card is found by: folded, from each word on.
CREATE TABLE card_words (
    project  BYTEA  NOT NULL,
    word     TEXT   NOT NULL,
    card     UUID   NOT NULL,
    PRIMARY KEY (project, word, card),
    FOREIGN KEY (project, card) REFERENCES cards (project, id)
);
CREATE INDEX card_words_card ON card_words (project, card);

CREATE TABLE card_photos (
    project  BYTEA   NOT NULL,
    card     UUID    NOT NULL,
    -- Shown on the card, or sent by the holder and waiting for approval.
    place    TEXT    NOT NULL CHECK (place IN ('shown', 'waiting')),
    -- SHA-256 of the octets, a JPEG.
    hash     BYTEA   NOT NULL CHECK (length(hash) = 32),
    octets   BYTEA   NOT NULL,
    kept_at  BIGINT  NOT NULL,
    PRIMARY KEY (project, card, place),
    FOREIGN KEY (project, card) REFERENCES cards (project, id)
);

-- As `invitations`, to a card alone.
CREATE TABLE card_invitations (
    project         BYTEA   NOT NULL,
    secret_hash     BYTEA   NOT NULL CHECK (length(secret_hash) = 32),
    id              UUID    NOT NULL,
    card            UUID    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('open', 'redeemed', 'void')),
    wrong_answers   BIGINT  NOT NULL DEFAULT 0,
    created_at      BIGINT  NOT NULL,
    expires_at      BIGINT  NOT NULL,
    opened_at       BIGINT,
    redeemed_at     BIGINT,
    key_hash        BYTEA,
    device          UUID,
    PRIMARY KEY (project, secret_hash),
    FOREIGN KEY (project, card) REFERENCES cards (project, id)
);
CREATE UNIQUE INDEX card_invitations_open ON card_invitations (project, card) WHERE state = 'open';
CREATE INDEX card_invitations_card ON card_invitations (project, card);

-- Phones that have a card and no credential.
CREATE TABLE card_devices (
    project      BYTEA   NOT NULL,
    id           UUID    NOT NULL,
    card         UUID    NOT NULL,
    public_key   BYTEA   NOT NULL CHECK (length(public_key) = 33),
    name         TEXT    NOT NULL,
    platform     TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (project, id),
    FOREIGN KEY (project, card) REFERENCES cards (project, id)
);
