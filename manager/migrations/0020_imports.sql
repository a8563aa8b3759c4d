-- Imports that can be undone, and where lists come from.

-- For how long an import can be undone, in seconds.
ALTER TABLE projects ADD COLUMN undo_window_s BIGINT NOT NULL DEFAULT 86400;

ALTER TABLE plans ADD COLUMN undo_until BIGINT;
ALTER TABLE plans ADD COLUMN undone_at BIGINT;
-- Who plans by hand, and what by itself.
ALTER TABLE plans ADD COLUMN origin TEXT NOT NULL DEFAULT 'administrator';
CREATE INDEX plans_applied ON plans (project, applied_at) WHERE applied_at IS NOT NULL;
CREATE INDEX plans_created ON plans (project, created_at);

-- A row holds many steps, as a JSON array.
ALTER TABLE plan_steps RENAME COLUMN step TO steps;

-- The users that a plan touched, as they were before where they were there before.
CREATE TABLE plan_users (
    project     BYTEA   NOT NULL,
    plan        UUID    NOT NULL,
    holder      UUID    NOT NULL,
    act         TEXT    NOT NULL CHECK (act IN ('add', 'change', 'delete')),
    status      TEXT,
    updated_at  BIGINT,
    PRIMARY KEY (project, plan, act, holder),
    FOREIGN KEY (project, plan) REFERENCES plans (project, id)
);

-- Until when a deleted user may come back; the phone is not revoked for good before.
ALTER TABLE users ADD COLUMN restorable_until BIGINT;
CREATE INDEX users_restorable ON users (project, restorable_until) WHERE restorable_until IS NOT NULL;

-- Which plan voided the invitation, and what it was before.
ALTER TABLE invitations ADD COLUMN withdrawn_by UUID;
ALTER TABLE invitations ADD COLUMN withdrawn_from TEXT;
CREATE INDEX invitations_withdrawn ON invitations (project, withdrawn_by) WHERE withdrawn_by IS NOT NULL;
