-- The entry at the position that the read model has come to, as it was: where the store has another
-- one there, or none, the read model was made from entries that are gone.
ALTER TABLE projection ADD COLUMN last_entry BLOB;

UPDATE projection
SET last_entry = (SELECT entry.state FROM entry WHERE entry.position = projection.position)
WHERE name = 'windows';
