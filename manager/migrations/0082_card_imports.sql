-- Imports of cards: plans, kept exactly as they were shown, until they can be neither applied nor undone.
CREATE TABLE card_plans (
    project     BYTEA   NOT NULL,
    id          UUID    NOT NULL,
    template    UUID    NOT NULL,
    -- What the cards of the template were when it was made.
    basis       BYTEA   NOT NULL CHECK (length(basis) = 32),
    -- What was detected and counted, as JSON.
    header      TEXT    NOT NULL,
    -- What is to be done, as JSON; empty once it is forgotten.
    steps       TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    applied_at  BIGINT,
    undo_until  BIGINT,
    undone_at   BIGINT,
    PRIMARY KEY (project, id),
    FOREIGN KEY (project, template) REFERENCES card_templates (project, id)
);
CREATE INDEX card_plans_created ON card_plans (project, created_at);

-- Photos that a plan brings, and those that it replaced.
CREATE TABLE card_plan_photos (
    project  BYTEA   NOT NULL,
    plan     UUID    NOT NULL,
    card     UUID    NOT NULL,
    place    TEXT    NOT NULL CHECK (place IN ('new', 'old')),
    octets   BYTEA   NOT NULL,
    PRIMARY KEY (project, plan, card, place),
    FOREIGN KEY (project, plan) REFERENCES card_plans (project, id)
);
