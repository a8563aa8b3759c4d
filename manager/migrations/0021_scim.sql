-- What identity providers call users, where that is not the e-mail address.
CREATE TABLE scim_users (
    project        BYTEA  NOT NULL,
    holder         UUID   NOT NULL,
    user_name      TEXT   NOT NULL,
    -- The user name as it is compared.
    user_name_key  TEXT   NOT NULL,
    PRIMARY KEY (project, holder),
    FOREIGN KEY (project, holder) REFERENCES users (project, id)
);
CREATE INDEX scim_users_name ON scim_users (project, user_name_key);
