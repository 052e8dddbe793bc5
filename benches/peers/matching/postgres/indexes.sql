-- What both ways of joining look things up in.

CREATE INDEX ON searches (place_kind, place);

-- An anchor for each alternative of a query: the word that is in the fewest postings and that every posting which fits has; '' where
-- there is none. Words with a minus are no such words. Words are compared as bytes ("C"), which is the fastest.
CREATE UNLOGGED TABLE frequencies AS
    SELECT word, ndoc AS postings FROM ts_stat('SELECT words FROM postings');
CREATE INDEX ON frequencies (word);
ANALYZE frequencies;

CREATE UNLOGGED TABLE anchors AS
    SELECT search.id AS search_id, search.place_kind, search.place, coalesce(rarest.word, '') COLLATE "C" AS word
    FROM searches AS search
    CROSS JOIN LATERAL regexp_split_to_table(search.query, ' or ') AS alternative
    LEFT JOIN LATERAL (
        SELECT lexeme AS word
        FROM unnest(to_tsvector('simple', regexp_replace(alternative, '-\S+', '', 'g')))
        LEFT JOIN frequencies ON frequencies.word = lexeme
        ORDER BY coalesce(postings, 0)
        LIMIT 1
    ) AS rarest ON true;
CREATE INDEX ON anchors (place_kind, place, word);

-- The words of each posting, and '' for the anchor of searches without one.
CREATE UNLOGGED TABLE lexemes AS
    SELECT id AS posting_id, word COLLATE "C" AS word
    FROM postings CROSS JOIN LATERAL (SELECT '' UNION ALL SELECT unnest(tsvector_to_array(words))) AS all_words (word);
CREATE INDEX ON lexemes (posting_id);

ANALYZE;
