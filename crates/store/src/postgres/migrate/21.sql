-- The ways into an account by a provider of OpenID Connect. A subject is unique at its issuer; the provider is the one
-- that the operator has configured.
CREATE TABLE identities (
    application bigint NOT NULL,
    provider text COLLATE "C" NOT NULL,
    issuer text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    "user" text COLLATE "C" NOT NULL,
    linked bigint NOT NULL,
    PRIMARY KEY (application, "user", provider),
    FOREIGN KEY (application, "user") REFERENCES accounts (application, "user")
);
CREATE UNIQUE INDEX identities_by_subject ON identities (application, provider, issuer, subject);
