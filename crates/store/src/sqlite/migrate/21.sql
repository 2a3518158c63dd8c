-- The ways into an account by a provider of OpenID Connect. A subject is unique at its issuer; the provider is the one
-- that the operator has configured.
CREATE TABLE identities (
    application INTEGER NOT NULL,
    provider TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user TEXT NOT NULL,
    linked INTEGER NOT NULL,
    PRIMARY KEY (application, user, provider),
    FOREIGN KEY (application, user) REFERENCES accounts (application, user)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX identities_by_subject ON identities (application, provider, issuer, subject);
