-- The master secret of the server that made a backup. It is null in every database that is no backup.
ALTER TABLE meta ADD COLUMN backup_secret BLOB;
