-- "Good" PostgreSQL: searches of one place with the postings there, each kind of place with a join of its own.
SELECT count(*) FROM (
    SELECT posting.id, search.id
    FROM postings AS posting JOIN searches AS search ON search.place_kind = 0
    WHERE posting.id >= $1 AND posting.id < $2 AND fits(posting, search)
    UNION ALL
    SELECT posting.id, search.id
    FROM postings AS posting JOIN searches AS search ON search.place_kind = 1 AND search.place = posting.city
    WHERE posting.id >= $1 AND posting.id < $2 AND fits(posting, search)
    UNION ALL
    SELECT posting.id, search.id
    FROM postings AS posting JOIN searches AS search ON search.place_kind = 2 AND search.place = posting.country
    WHERE posting.id >= $1 AND posting.id < $2 AND fits(posting, search)
) AS pairs
