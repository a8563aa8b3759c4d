-- A link that the operator made leads back into an account that looks after other projects, too; one of an owner does not.
ALTER TABLE enrolments ADD COLUMN by_operator BIGINT NOT NULL DEFAULT 0;
