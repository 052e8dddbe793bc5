//! Plain words against PostgreSQL's own: its parser, its stop words and its stems, on the text as it is stored.
//!
//! The two read words differently on purpose, so equality is no aim of its own: each difference must be of a kind that is known, and few.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use career_worker::matching::{Fields, MatchPosting, Node, Query};
use sqlx::{AssertSqlSafe, PgPool};

use super::{
    Oracle,
    answers::{Bits, in_parallel},
    corpus::Case,
    kinds::{Kind, Why, why},
    queries::Queries,
    vocabulary::Vocabulary,
    witnesses::Witnesses,
};
use crate::support::TestDb;

/// One of so many pairs may differ in a way that is not meant, queries with stop words aside.
const PAIRS_A_DIFFERENCE: usize = 1_000;
/// One of so many matches may differ for no known reason.
const MATCHES_AN_UNKNOWN: usize = 1_000;
/// Examples of a kind that are told.
const EXAMPLES: usize = 8;

/// A query of plain words with what both sides say.
pub struct Asked {
    pub text: String,
    /// As it is read here.
    pub node: Node,
    /// What PostgreSQL makes of it; empty for stop words.
    pub lexemes: Vec<String>,
    ours: Bits,
    theirs: Bits,
}

/// The tree of a query that is nothing but words, each of which is one node: no technology, no operator.
fn read(text: &str) -> Option<Node> {
    let root = Query::parse(text, false).root?;
    let nodes = match &root {
        Node::And(nodes) => &**nodes,
        one => std::slice::from_ref(one),
    };
    let plain = |node: &Node| match node {
        Node::Word { label, fields, .. } => {
            *fields == Fields::ALL && !label.contains(['+', '#', '.', '/', '-', '&']) && **label != *"golang"
        }
        Node::Phrase { fields, .. } => *fields == Fields::ALL,
        _ => false,
    };
    (nodes.len() == text.split(' ').count() && nodes.iter().all(plain)).then_some(root)
}

fn stored_text(case: &Case) -> String {
    let posting = &case.posting;
    let mut text = format!("{}\n{}\n", posting.title, posting.company);
    for part in [&posting.location, &posting.description, &posting.requirements].into_iter().flatten() {
        let _ = writeln!(text, "{part}");
    }
    let places = posting.places.iter().flat_map(|place| [&place.city, &place.region, &place.country]);
    places.flatten().chain(&posting.tech_stack).for_each(|part| text.extend([part.as_str(), "\n"]));
    text
}

/// Plain queries of what these postings say, and all words of them.
fn texts(cases: &[&Case], count: usize) -> Vec<String> {
    let vocabulary = Vocabulary::new(cases);
    let mut queries = Queries::new(&vocabulary, super::seed());
    let mut texts = BTreeSet::new();
    for _ in 0..count {
        let text = queries.plain();
        if read(&text).is_some() && text.split(' ').all(|word| read(word).is_some()) {
            texts.extend(text.split(' ').map(str::to_owned));
            texts.insert(text);
        }
    }
    texts.into_iter().collect()
}

async fn load(pool: &PgPool, config: &str, cases: &[&Case]) -> Result<(), sqlx::Error> {
    let texts: Vec<String> = cases.iter().map(|case| stored_text(case)).collect();
    for statement in [
        format!("CREATE UNLOGGED TABLE {config}_posting (n integer, t text, v tsvector)"),
        format!("CREATE INDEX ON {config}_posting USING gin (v)"),
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(pool).await?;
    }
    let insert = format!(
        "INSERT INTO {config}_posting SELECT n - 1, t, to_tsvector('{config}', t) FROM unnest($1::text[]) WITH ORDINALITY AS row (t, n)"
    );
    sqlx::query(AssertSqlSafe(insert)).bind(texts).execute(pool).await?;
    sqlx::query(AssertSqlSafe(format!("ANALYZE {config}_posting"))).execute(pool).await?;
    Ok(())
}

async fn asked(
    pool: &PgPool,
    config: &str,
    texts: Vec<String>,
    cases: &[&Case],
) -> Result<Vec<Asked>, sqlx::Error> {
    let select = format!(
        "SELECT tsvector_to_array(to_tsvector('{config}', q.t)),
                ARRAY(SELECT p.n FROM {config}_posting p WHERE p.v @@ plainto_tsquery('{config}', q.t))
         FROM unnest($1::text[]) WITH ORDINALITY AS q (t, n) ORDER BY q.n"
    );
    let theirs: Vec<(Vec<String>, Vec<i32>)> =
        sqlx::query_as(AssertSqlSafe(select)).bind(&texts).fetch_all(pool).await?;
    let ours = in_parallel(
        texts.len(),
        || (),
        |(), at| {
            let query = Query::parse(&texts[at], false);
            Bits::of((0..cases.len()).filter(|case| query.holds(&cases[*case].reduced)))
        },
    );
    let asked = texts.into_iter().zip(ours).zip(theirs).filter_map(|((text, ours), (lexemes, theirs))| {
        let node = read(&text)?;
        let theirs = Bits::of(theirs.into_iter().filter_map(|n| usize::try_from(n).ok()));
        Some(Asked { text, node, lexemes, ours, theirs })
    });
    Ok(asked.collect())
}

/// How often a kind of difference was seen, and words that show it.
#[derive(Default)]
struct Seen {
    here: usize,
    there: usize,
    examples: BTreeSet<String>,
}

#[derive(Default)]
struct Report {
    queries: usize,
    both: usize,
    ours_only: usize,
    theirs_only: usize,
    kinds: BTreeMap<Kind, Seen>,
}

impl Report {
    fn differing(&self) -> usize {
        self.ours_only + self.theirs_only
    }

    fn see(&mut self, query: &str, why: &Why, here: bool) {
        let seen = self.kinds.entry(why.kind).or_default();
        seen.here += usize::from(here);
        seen.there += usize::from(!here);
        if seen.examples.len() < EXAMPLES {
            seen.examples.insert(format!("{query}~{}", why.found));
        }
    }

    /// Differences of some kinds.
    fn count(&self, of: impl Fn(Kind) -> bool) -> usize {
        let seen = self.kinds.iter().filter(|(kind, _)| of(**kind));
        seen.map(|(_, seen)| seen.here + seen.there).sum()
    }

    fn print(&self, config: &str, postings: usize) {
        let share = |part: usize, whole: usize| {
            let number = |count| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            100.0 * number(part) / number(whole.max(1))
        };
        let pairs = self.queries * postings;
        println!(
            "PostgreSQL's {config} words: {} queries on {postings} postings, {pairs} pairs, {:.3} % equal, {:.3} % with what is meant, {} match both; of what is found here \
             {:.2} % is found there, of what is found there {:.2} % here",
            self.queries,
            100.0 - share(self.differing(), pairs),
            100.0 - share(self.count(|kind| !kind.is_meant()), pairs),
            self.both,
            share(self.both, self.both + self.ours_only),
            share(self.both, self.both + self.theirs_only),
        );
        for (kind, Seen { here, there, examples }) in &self.kinds {
            let examples: Vec<&str> = examples.iter().map(String::as_str).collect();
            println!("  {here:>8} only here {there:>8} only there: {kind} ({})", examples.join(", "));
        }
    }
}

/// Why a word differs, by the postings on which it does.
fn reasons(word: &Asked, witnesses: &Witnesses) -> BTreeMap<usize, Why> {
    let differing = word.ours.difference(&word.theirs).into_iter();
    differing.map(|case| (case, why(word, case, word.ours.get(case), witnesses))).collect()
}

async fn compare(pool: &PgPool, config: &'static str, language: &str, count: usize) -> Report {
    let all = &Oracle::get().corpus.cases;
    let cases: Vec<&Case> = all.iter().filter(|case| case.language.as_deref() == Some(language)).collect();
    load(pool, config, &cases).await.unwrap();
    let asked = asked(pool, config, texts(&cases, count), &cases).await.unwrap();
    let reduced: Vec<&MatchPosting> = cases.iter().map(|case| &case.reduced).collect();
    let witnesses = Witnesses::read(pool, config, language, &reduced).await.unwrap();
    let words: BTreeMap<&str, BTreeMap<usize, Why>> = asked
        .iter()
        .filter(|word| !word.text.contains(' '))
        .map(|word| (word.text.as_str(), reasons(word, &witnesses)))
        .collect();
    let stop_words: BTreeSet<&str> =
        asked.iter().filter(|word| word.lexemes.is_empty()).map(|word| word.text.as_str()).collect();
    let only = |kind| Why { kind, found: String::new() };
    let mut report = Report::default();
    for query in &asked {
        let parts: Vec<&str> = query.text.split(' ').collect();
        let differing = query.ours.difference(&query.theirs);
        if parts.iter().any(|part| stop_words.contains(part)) {
            for case in differing {
                report.see(&query.text, &only(Kind::StopWord), query.ours.get(case));
            }
            continue;
        }
        for case in differing {
            let here = query.ours.get(case);
            let why = parts.iter().filter_map(|part| words.get(part)?.get(&case)).min().cloned();
            report.see(&query.text, &why.unwrap_or_else(|| only(Kind::Unknown)), here);
            report.ours_only += usize::from(here);
            report.theirs_only += usize::from(!here);
        }
        report.queries += 1;
        report.both += query.ours.iter().filter(|case| query.theirs.get(*case)).count();
    }
    report.print(config, cases.len());
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_words_mean_what_they_mean_to_postgresql() {
    let oracle = tokio::task::spawn_blocking(Oracle::get).await.unwrap();
    let db = TestDb::new().await;
    let count = oracle.searches.len() / 2;
    for (config, language) in [("english", "en"), ("german", "de")] {
        let report = compare(&db.pool, config, language, count).await;
        let pairs = report.queries * oracle.corpus.spoken(language);
        let (unmeant, unknown) =
            (report.count(|kind| !kind.is_meant()), report.count(|kind| kind == Kind::Unknown));
        assert!(report.queries > 100 && report.both > 300, "{} queries prove nothing", report.queries);
        assert!(
            unmeant * PAIRS_A_DIFFERENCE <= pairs,
            "{config}: {unmeant} of {pairs} pairs differ for no good reason"
        );
        assert!(
            unknown * MATCHES_AN_UNKNOWN <= report.both,
            "{config}: {unknown} pairs differ for no known reason"
        );
    }
}
