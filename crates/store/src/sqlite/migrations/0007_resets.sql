-- Links by which somebody sets a new password.
CREATE TABLE resets (
    token_hash BLOB PRIMARY KEY,
    user TEXT NOT NULL REFERENCES accounts (user),
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
