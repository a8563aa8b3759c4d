-- Reminders of invitations that wait, and the word that one is over.

-- How many days after an invitation its holder is reminded, and how many hours before its end; NULL does not.
ALTER TABLE projects ADD COLUMN remind_after_days BIGINT DEFAULT 3;
ALTER TABLE projects ADD COLUMN remind_before_expiry_hours BIGINT DEFAULT 24;
-- Whether the holder is told that an invitation has expired.
ALTER TABLE projects ADD COLUMN tell_expired BIGINT NOT NULL DEFAULT 1;

-- When it was noted that the invitation has expired unused.
ALTER TABLE invitations ADD COLUMN over_at BIGINT;
CREATE INDEX invitations_waiting ON invitations (project, created_at)
    WHERE state = 'open' AND reminded_at IS NULL AND end_told = 0 AND over_at IS NULL;
CREATE INDEX invitations_ending ON invitations (project, expires_at)
    WHERE state = 'open' AND end_told = 0 AND over_at IS NULL;
CREATE INDEX invitations_over ON invitations (project, expires_at) WHERE state = 'open' AND over_at IS NULL;
