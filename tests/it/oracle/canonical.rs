//! The definition against PostgreSQL, on the same words: what a posting is reduced to becomes a `tsvector`, a query tree a `tsquery`.
//!
//! A lexeme is a letter for the field (`a` for any) and the number of a term; `w`, a field and hexadecimal bytes are a word as written, for
//! prefixes. Positions come from the posting reduced field by field, so that no phrase spans two fields whatever the whole posting says.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
};

use career_worker::{
    domain::JobId,
    matching::{Fields, MatchPosting, Node, PostingFields, Query, Term},
};
use sqlx::PgPool;

use super::{
    Oracle,
    answers::Bits,
    corpus::{Case, today},
};
use crate::support::TestDb;

/// Fields by bit, with the letter of their lexemes.
const FIELDS: [(Fields, char); 5] = [
    (Fields::TITLE, 't'),
    (Fields::COMPANY, 'c'),
    (Fields::LOCATION, 'l'),
    (Fields::BODY, 'b'),
    (Fields::TECH, 'k'),
];
/// Highest position in a `tsvector`, and most positions of one lexeme.
const LAST_POSITION: u32 = 16_383;
const MOST_POSITIONS: usize = 255;
/// Longest lexeme, in bytes.
const LONGEST_LEXEME: usize = 2_046;

/// Numbers of the terms, shared by postings and queries.
#[derive(Default)]
struct Names(HashMap<Term, usize>);

impl Names {
    fn of(&mut self, term: Term) -> String {
        let next = self.0.len();
        format!("{:x}", self.0.entry(term).or_insert(next))
    }
}

/// The posting, one field after the other.
fn by_field(case: &Case) -> [MatchPosting; 5] {
    let all = PostingFields::of(&case.posting);
    let nothing = PostingFields::default;
    [
        PostingFields { title: all.title, ..nothing() },
        PostingFields { company: all.company, ..nothing() },
        PostingFields { location: all.location, places: all.places, ..nothing() },
        PostingFields { description: all.description, requirements: all.requirements, ..nothing() },
        PostingFields { tech_stack: all.tech_stack, ..nothing() },
    ]
    .map(|fields| MatchPosting::new(JobId(0), &fields, today()))
}

/// The posting as text of a `tsvector`; `None` where it is beyond what one can hold.
fn tsvector(case: &Case, names: &mut Names) -> Option<String> {
    let mut text = String::new();
    let parts = by_field(case);
    for (term, fields) in case.reduced.terms() {
        let name = names.of(term);
        let _ = write!(text, "a{name} ");
        for ((field, letter), part) in FIELDS.iter().zip(&parts) {
            if !fields.meets(*field) {
                continue;
            }
            let _ = write!(text, "{letter}{name}");
            let positions: Vec<u32> = part.positions(term).map(|position| position + 1).collect();
            if positions.len() > MOST_POSITIONS || positions.iter().any(|position| *position > LAST_POSITION)
            {
                return None;
            }
            for (at, position) in positions.iter().enumerate() {
                let _ = write!(text, "{}{position}", if at == 0 { ':' } else { ',' });
            }
            text.push(' ');
        }
    }
    for (word, term) in case.reduced.surfaces() {
        let word = hex(word);
        if word.len() + 2 > LONGEST_LEXEME {
            return None;
        }
        let _ = write!(text, "wa{word} ");
        let fields = case.reduced.fields_of(term);
        for (_, letter) in FIELDS.iter().filter(|(field, _)| fields.meets(*field)) {
            let _ = write!(text, "w{letter}{word} ");
        }
    }
    Some(text)
}

fn hex(word: &str) -> String {
    word.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The letters under which `fields` are looked up; phrases have positions in single fields only.
fn letters(fields: Fields, positions: bool) -> Vec<char> {
    if fields == Fields::ALL && !positions {
        return vec!['a'];
    }
    FIELDS.iter().filter(|(field, _)| fields.meets(*field)).map(|(_, letter)| *letter).collect()
}

fn joined(parts: impl IntoIterator<Item = String>, operator: &str) -> String {
    format!("({})", parts.into_iter().collect::<Vec<_>>().join(operator))
}

/// The tree as text of a `tsquery`.
fn tsquery(node: &Node, names: &mut Names) -> String {
    match node {
        Node::And(nodes) => joined(nodes.iter().map(|node| tsquery(node, names)), " & "),
        Node::Or(nodes) => joined(nodes.iter().map(|node| tsquery(node, names)), " | "),
        Node::Not(node) => format!("!{}", joined([tsquery(node, names)], "")),
        Node::Word { fields, any, .. } => {
            let any: Vec<String> = any.iter().map(|term| names.of(*term)).collect();
            let letters = letters(*fields, false);
            joined(
                letters.iter().flat_map(|letter| any.iter().map(move |name| format!("{letter}{name}"))),
                " | ",
            )
        }
        Node::Phrase { fields, words, .. } => {
            let words: Vec<String> = words.iter().map(|term| names.of(*term)).collect();
            let in_field = |letter| joined(words.iter().map(|name| format!("{letter}{name}")), " <-> ");
            joined(letters(*fields, words.len() > 1).into_iter().map(in_field), " | ")
        }
        Node::Prefix { label, fields } => {
            let label = hex(label);
            joined(letters(*fields, false).iter().map(|letter| format!("w{letter}{label}:*")), " | ")
        }
    }
}

async fn load(pool: &PgPool, table: &str, kind: &str, rows: &[(i32, String)]) -> Result<(), sqlx::Error> {
    let create = format!("CREATE UNLOGGED TABLE {table} (n integer PRIMARY KEY, v {kind} NOT NULL)");
    sqlx::query(sqlx::AssertSqlSafe(create)).execute(pool).await?;
    let insert =
        format!("INSERT INTO {table} SELECT n, v::{kind} FROM unnest($1::int[], $2::text[]) AS row (n, v)");
    for rows in rows.chunks(500) {
        let (numbers, values): (Vec<i32>, Vec<&str>) = rows.iter().map(|(n, v)| (*n, v.as_str())).unzip();
        sqlx::query(sqlx::AssertSqlSafe(insert.as_str())).bind(numbers).bind(values).execute(pool).await?;
    }
    Ok(())
}

/// The postings that each query of `range` matches, as PostgreSQL says.
async fn asked(pool: &PgPool, from: i32, to: i32) -> Result<Vec<(i32, Vec<i32>)>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    sqlx::query("SET enable_seqscan = off").execute(&mut *connection).await?;
    sqlx::query_as(
        "SELECT q.n, ARRAY(SELECT p.n FROM oracle_posting p WHERE p.v @@ q.v)
         FROM oracle_query q WHERE q.n >= $1 AND q.n < $2 ORDER BY q.n",
    )
    .bind(from)
    .bind(to)
    .fetch_all(&mut *connection)
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_definition_equals_postgresql_on_the_same_words() {
    let oracle = tokio::task::spawn_blocking(Oracle::get).await.unwrap();
    let db = TestDb::new().await;
    let number = |at: usize| i32::try_from(at).unwrap();
    let mut names = Names::default();
    let (mut postings, mut beyond) = (Vec::new(), HashSet::new());
    for (at, case) in oracle.corpus.cases.iter().enumerate() {
        match tsvector(case, &mut names) {
            Some(text) => postings.push((number(at), text)),
            None => drop(beyond.insert(at)),
        }
    }
    let mut queries = Vec::new();
    for (at, search) in oracle.searches.iter().enumerate() {
        let text = search.query.as_deref().unwrap_or_default();
        if let Some(root) = Query::parse(text, oracle.settings.synonyms).root {
            queries.push((number(at), tsquery(&root, &mut names)));
        } else {
            let all = Bits::of(0..oracle.corpus.cases.len());
            assert!(oracle.differences(at, &all).is_empty(), "{text:?} restricts");
        }
    }
    load(&db.pool, "oracle_posting", "tsvector", &postings).await.unwrap();
    load(&db.pool, "oracle_query", "tsquery", &queries).await.unwrap();
    for statement in ["CREATE INDEX ON oracle_posting USING gin (v)", "ANALYZE oracle_posting, oracle_query"]
    {
        sqlx::query(statement).execute(&db.pool).await.unwrap();
    }
    let (half, all) = (number(oracle.searches.len() / 2), number(oracle.searches.len()));
    let (first, second) = tokio::join!(asked(&db.pool, 0, half), asked(&db.pool, half, all));

    let (mut pairs, mut held, mut wrong) = (0, 0, Vec::new());
    for (n, found) in first.unwrap().into_iter().chain(second.unwrap()) {
        let at = usize::try_from(n).unwrap();
        let theirs = Bits::of(found.into_iter().map(|n| usize::try_from(n).unwrap()));
        let differing = oracle.differences(at, &theirs).into_iter().filter(|case| !beyond.contains(case));
        wrong.extend(differing.map(|case| (at, case)));
        pairs += (0..oracle.corpus.cases.len()).filter(|case| oracle.compares(at, *case)).count();
        held += theirs.iter().filter(|case| oracle.compares(at, *case)).count();
    }
    println!(
        "PostgreSQL on the same words: {} queries on {} postings ({} beyond a tsvector left out), {pairs} pairs, {held} match, {} differ",
        queries.len(),
        postings.len(),
        beyond.len(),
        wrong.len()
    );
    let told = wrong.iter().take(5).map(|(search, case)| {
        let posting = &oracle.corpus.cases[*case].posting;
        format!("{:?} on {} ({})", oracle.searches[*search].query, posting.title, posting.url)
    });
    assert!(wrong.is_empty(), "{:#?}", told.collect::<Vec<_>>());
    assert!(pairs * oracle.stride * 101 > queries.len() * postings.len() * 100, "{pairs} pairs");
    assert!(beyond.len() * 100 <= oracle.corpus.cases.len(), "{} postings left out", beyond.len());
}
