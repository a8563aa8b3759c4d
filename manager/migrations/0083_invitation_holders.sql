-- Invitations of users and invitations to cards answer the same questions, in the same words.

ALTER TABLE card_invitations RENAME COLUMN card TO holder;
