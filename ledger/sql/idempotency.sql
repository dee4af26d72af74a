-- name: bound_key^
-- What an idempotency key of a caller stands for in a book.
SELECT digest, result
FROM idempotency_key
WHERE book = :book AND caller = :caller AND key = :key;

-- name: bind_key!
-- An idempotency key stands for an append from now on.
INSERT INTO idempotency_key (book, caller, key, digest, result)
VALUES (:book, :caller, :key, :digest, :result);
