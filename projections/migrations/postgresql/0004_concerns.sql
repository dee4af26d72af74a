-- What concerns a partner: its assets and its entries, each with the entry by which it first did.

CREATE INDEX ownership_of_owner ON ownership (owner, asset);

-- The assets on which a partner has a line, voided or not, and those recorded as its own. An asset
-- may be there more than once.
CREATE VIEW asset_of_partner AS
SELECT
    pair.book, pair.partner, line.asset,
    (SELECT MIN(fact.number) FROM fact WHERE fact.asset = line.asset AND fact.pair = line.pair) AS known_from
FROM pair
CROSS JOIN line
WHERE pair.id = line.pair
UNION ALL
SELECT asset.book, span.owner AS partner, span.asset, span.known_from
FROM ownership AS span
CROSS JOIN asset
WHERE span.asset = asset.id;

-- The entries of a partner's pairs and lines, and the ownership entries of its assets, voids of them
-- included. An ownership entry may be there more than once.
CREATE VIEW entry_of_partner AS
SELECT pair.book, pair.partner, fact.number, fact.number AS known_from
FROM pair
CROSS JOIN fact
WHERE fact.asset = 0 AND pair.id = fact.pair
UNION ALL
SELECT pair.book, pair.partner, fact.number, fact.number AS known_from
FROM pair
CROSS JOIN line
CROSS JOIN fact
WHERE pair.id = line.pair AND line.asset = fact.asset AND line.pair = fact.pair
UNION ALL
SELECT held.book, held.partner, fact.number, held.known_from
FROM asset_of_partner AS held
CROSS JOIN fact
WHERE held.asset = fact.asset AND fact.pair = 0;
