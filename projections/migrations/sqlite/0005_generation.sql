-- How often the read model was made anew: the numbers of assets and pairs are others each time, so a
-- process that holds some in memory drops them.
ALTER TABLE projection ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
