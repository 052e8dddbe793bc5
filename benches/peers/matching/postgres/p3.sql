-- The "best" PostgreSQL we know of: only searches of the place whose anchor is among the posting's words. The parts are materialized
-- since the planner, left alone, tries every search of the place first.
WITH probes AS MATERIALIZED (
    SELECT posting.id AS posting_id, level.kind, level.place, lexeme.word
    FROM postings AS posting
    JOIN lexemes AS lexeme ON lexeme.posting_id = posting.id
    CROSS JOIN LATERAL (
        VALUES (0::smallint, 0), (1::smallint, posting.city), (2::smallint, posting.country)
    ) AS level (kind, place)
    WHERE posting.id >= $1 AND posting.id < $2
), candidates AS MATERIALIZED (
    SELECT DISTINCT probe.posting_id, anchor.search_id
    FROM probes AS probe
    JOIN anchors AS anchor
        ON anchor.place_kind = probe.kind AND anchor.place = probe.place AND anchor.word = probe.word
)
SELECT count(*)
FROM candidates AS candidate
JOIN searches AS search ON search.id = candidate.search_id
JOIN postings AS posting ON posting.id = candidate.posting_id
WHERE fits(posting, search)
