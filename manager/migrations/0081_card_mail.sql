-- Invitations to cards by mail, reminders of them, and the word that a card ends.

-- The secret of an invitation that is open, sealed by the project's vault, so that it can be mailed.
ALTER TABLE card_invitations ADD COLUMN sealed_secret BYTEA;
-- As with the invitations of users.
ALTER TABLE card_invitations ADD COLUMN reminded_at BIGINT;
ALTER TABLE card_invitations ADD COLUMN end_told BIGINT NOT NULL DEFAULT 0;
ALTER TABLE card_invitations ADD COLUMN over_at BIGINT;
CREATE INDEX card_invitations_sealed ON card_invitations (project, expires_at) WHERE sealed_secret IS NOT NULL;
CREATE INDEX card_invitations_waiting ON card_invitations (project, created_at)
    WHERE state = 'open' AND reminded_at IS NULL AND end_told = 0 AND over_at IS NULL;
CREATE INDEX card_invitations_ending ON card_invitations (project, expires_at)
    WHERE state = 'open' AND end_told = 0 AND over_at IS NULL;
CREATE INDEX card_invitations_over ON card_invitations (project, expires_at) WHERE state = 'open' AND over_at IS NULL;

-- The card that a mail is about, if it is about one.
ALTER TABLE outbox ADD COLUMN card UUID;
CREATE INDEX outbox_card ON outbox (project, card, id) WHERE card IS NOT NULL;

-- The last mail that was written about a card.
ALTER TABLE cards ADD COLUMN last_mail UUID;
-- The end of which the holder was told that it is near, and the one of which the holder was told that it is over.
ALTER TABLE cards ADD COLUMN near_told BIGINT;
ALTER TABLE cards ADD COLUMN over_told BIGINT;
CREATE INDEX cards_ending ON cards (project, expires_at) WHERE status = 'active' AND expires_at IS NOT NULL;

-- How many days before the end of a card its holder is told; NULL does not. And whether the holder is told of the end.
ALTER TABLE projects ADD COLUMN card_expiry_days BIGINT DEFAULT 10;
ALTER TABLE projects ADD COLUMN tell_card_expired BIGINT NOT NULL DEFAULT 1;
