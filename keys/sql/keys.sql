-- name: all_keys
-- Every key there is or was, the oldest first.
SELECT id, name, role, books, partner, created_at, expires_at, revoked_at, last_used_at
FROM api_key
ORDER BY created_at, id;

-- name: keys_called
-- The key with an id, or the one with a name that is not revoked.
SELECT id, name, role, books, partner, created_at, expires_at, revoked_at, last_used_at
FROM api_key
WHERE id = :wanted OR (name = :wanted AND revoked_at IS NULL);

-- name: id_of_name^
-- Who has a name: the key of that name that is not revoked.
SELECT id FROM api_key
WHERE name = :name AND revoked_at IS NULL;

-- name: add_key!
-- A new key.
INSERT INTO api_key (id, name, role, books, partner, created_at, expires_at)
VALUES (:id, :name, :role, :books, :partner, :created_at, :expires_at);

-- name: revoke_key!
-- The key ends for good.
UPDATE api_key SET revoked_at = :revoked_at
WHERE id = :id AND revoked_at IS NULL;

-- name: note_use!
-- The key is in use; written again only where that was noted before a moment.
UPDATE api_key SET last_used_at = :now
WHERE id = :id AND (last_used_at IS NULL OR last_used_at <= :noted_before);

-- name: add_secret!
-- One more secret that opens with a key, by its hash.
INSERT INTO api_key_secret (digest, key_id) VALUES (:digest, :key);

-- name: end_secrets!
-- The secrets of a key end at a moment, if they do not end before.
UPDATE api_key_secret SET ends_at = :ends_at
WHERE key_id = :key AND (ends_at IS NULL OR ends_at > :ends_at);

-- name: drop_secrets!
-- The secrets of a key end at once, whatever a clock says later.
DELETE FROM api_key_secret
WHERE key_id = :key;

-- name: key_of_secret^
-- The key that a secret opens with, by the hash of the secret.
SELECT
    s.digest, s.ends_at,
    k.id, k.name, k.role, k.books, k.partner,
    k.created_at, k.expires_at, k.revoked_at, k.last_used_at
FROM api_key_secret AS s
INNER JOIN api_key AS k ON s.key_id = k.id
WHERE s.digest = :digest;
