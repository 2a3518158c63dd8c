-- The ways into an account by a provider of OpenID Connect. A subject is unique at its issuer; the provider is the one
-- that the operator has configured.
CREATE TABLE identities (
    application INTEGER NOT NULL,
    provider TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user TEXT NOT NULL,
    linked INTEGER NOT NULL,
    PRIMARY KEY (application, provider, issuer, subject),
    FOREIGN KEY (application, user) REFERENCES accounts (application, user)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX identities_by_user ON identities (application, user, provider);
