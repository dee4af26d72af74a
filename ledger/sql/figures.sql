-- name: log_figures^
-- What there is to watch: entries, the newest checkpoint, the last self-check.
-- Those that the log has taken in are counted; only the others have to be.
SELECT
    state.size + (SELECT COUNT(*) FROM entry WHERE position > state.position) AS entries,
    sealed.size AS sealed,
    sealed.signed_at AS sealed_at,
    checked.checked_at AS checked_at,
    checked.problem AS problem
FROM log_state AS state
LEFT JOIN log_checkpoint AS sealed ON sealed.nth = (SELECT MAX(nth) FROM log_checkpoint)
LEFT JOIN log_check AS checked ON checked.name = 'log'
WHERE state.name = 'log';
