-- Work that comes due by itself: one row for each project and kind of work.
CREATE TABLE jobs (
    project       BYTEA   NOT NULL REFERENCES projects (id),
    kind          TEXT    NOT NULL,
    next_run_at   BIGINT  NOT NULL,
    -- Which run has it, and until when; a run that died lets go of it then.
    lease         UUID,
    leased_until  BIGINT  NOT NULL DEFAULT 0,
    -- Runs that failed since the last one that did not.
    failures      BIGINT  NOT NULL DEFAULT 0,
    last_run_at   BIGINT,
    last_error    TEXT,
    PRIMARY KEY (project, kind)
);
