//! What in a posting made one side say yes: the words as split here, and the tokens of PostgreSQL's parser.

use std::collections::{BTreeSet, HashMap, HashSet};

use career_worker::{
    domain::JobId,
    matching::{MatchPosting, Node, PostingFields, Term},
};
use sqlx::{AssertSqlSafe, PgPool};

use super::corpus::today;

/// Token types of PostgreSQL's default parser, by what they are to a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenType {
    Word,
    /// A word written together with others.
    Compound,
    /// Addresses, hosts, files, tags, entities.
    Address,
    Number,
}

/// A token of PostgreSQL's parser.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token {
    pub kind: TokenType,
    pub text: String,
}

/// The words of postings of one language, both ways.
pub struct Witnesses {
    pub language: String,
    /// Words as split here, posting by posting.
    surfaces: Vec<HashSet<String>>,
    /// Which words have a term.
    of_term: HashMap<Term, BTreeSet<String>>,
    /// Tokens of PostgreSQL, posting by posting.
    tokens: Vec<BTreeSet<Token>>,
    /// Which tokens give a lexeme.
    of_lexeme: HashMap<String, BTreeSet<String>>,
    /// Tokens that give none.
    stop_words: HashSet<String>,
    /// What a token is here.
    split: HashMap<String, Vec<String>>,
}

/// A word as it is reduced in a text of `language`.
fn reduced(text: &str, language: &str) -> MatchPosting {
    let fields =
        PostingFields { description: Some(text), language: Some(language), ..PostingFields::default() };
    MatchPosting::new(JobId(0), &fields, today())
}

/// The words of a text as they are split here.
pub fn split(text: &str, language: &str) -> Vec<String> {
    reduced(text, language).surfaces().map(|(word, _)| word.to_owned()).collect()
}

impl Witnesses {
    /// Reads `<config>_posting` and splits both ways; `postings` are those of the table, in order.
    pub async fn read(
        pool: &PgPool,
        config: &str,
        language: &str,
        postings: &[&MatchPosting],
    ) -> Result<Self, sqlx::Error> {
        let surfaces: Vec<HashSet<String>> = postings
            .iter()
            .map(|posting| posting.surfaces().map(|(word, _)| word.to_owned()).collect())
            .collect();
        let mut of_term: HashMap<Term, BTreeSet<String>> = HashMap::new();
        for word in surfaces.iter().flatten().collect::<BTreeSet<_>>() {
            for (term, _) in reduced(word, language).terms() {
                of_term.entry(term).or_default().insert(word.clone());
            }
        }
        let select = format!(
            "SELECT ARRAY(SELECT DISTINCT tokid::text || ' ' || token FROM ts_parse('default', t) WHERE tokid <> 12) FROM {config}_posting ORDER BY n"
        );
        let parsed: Vec<Vec<String>> = sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(pool).await?;
        let tokens: Vec<BTreeSet<Token>> =
            parsed.iter().map(|tokens| tokens.iter().filter_map(|token| token_of(token)).collect()).collect();
        let different: BTreeSet<&Token> = tokens.iter().flatten().collect();
        let split =
            different.iter().map(|token| (token.text.clone(), split(&token.text, language))).collect();
        let words: Vec<&str> = different
            .iter()
            .filter(|token| token.kind != TokenType::Address)
            .map(|token| token.text.as_str())
            .collect();
        let lexemes: Vec<(String, Vec<String>)> = sqlx::query_as(AssertSqlSafe(format!(
            "SELECT t, tsvector_to_array(to_tsvector('{config}', t)) FROM unnest($1::text[]) AS word (t)"
        )))
        .bind(words)
        .fetch_all(pool)
        .await?;
        let mut of_lexeme: HashMap<String, BTreeSet<String>> = HashMap::new();
        let mut stop_words = HashSet::new();
        for (token, lexemes) in lexemes {
            if lexemes.is_empty() {
                stop_words.insert(token.clone());
            }
            for lexeme in lexemes {
                of_lexeme.entry(lexeme).or_default().insert(token.clone());
            }
        }
        Ok(Self { language: language.to_owned(), surfaces, of_term, tokens, of_lexeme, stop_words, split })
    }

    /// The words of a posting that a word of a query finds here.
    pub fn words(&self, node: &Node, posting: usize) -> Vec<&str> {
        let Node::Word { any, .. } = node else { return Vec::new() };
        let found = any.iter().filter_map(|term| self.of_term.get(term)).flatten();
        found.filter(|word| self.has(posting, word)).map(String::as_str).collect()
    }

    /// Whether a word stands in the posting, as it is split here.
    pub fn has(&self, posting: usize, word: &str) -> bool {
        self.surfaces[posting].contains(word)
    }

    /// The words of a posting that are technologies under their canonical name.
    pub fn technologies(&self, posting: usize) -> impl Iterator<Item = &str> {
        let canonical = |word: &&String| word.contains(['.', '-', '/', '+', '#']) || *word == "golang";
        self.surfaces[posting].iter().filter(canonical).map(String::as_str)
    }

    /// Whether a word stands in the posting joined to another by an ampersand (`AD&D`).
    pub fn joined(&self, posting: usize, word: &str) -> bool {
        let words = &self.surfaces[posting];
        words.iter().any(|joined| joined.contains('&') && joined.split('&').any(|part| part == word))
    }

    /// Whether PostgreSQL leaves a token out.
    pub fn is_stop_word(&self, token: &Token) -> bool {
        self.stop_words.contains(&token.text)
    }

    /// The tokens of a posting that give one of `lexemes` there.
    pub fn tokens(&self, lexemes: &[String], posting: usize) -> Vec<&Token> {
        let texts: HashSet<&String> =
            lexemes.iter().filter_map(|lexeme| self.of_lexeme.get(lexeme)).flatten().collect();
        self.tokens[posting].iter().filter(|token| texts.contains(&token.text)).collect()
    }

    /// The tokens of a posting in which a word as split here stands.
    pub fn holding(&self, word: &str, posting: usize) -> Vec<&Token> {
        let holds = |token: &&Token| self.split(token).iter().any(|part| part == word);
        self.tokens[posting].iter().filter(holds).collect()
    }

    /// What a token is here.
    pub fn split(&self, token: &Token) -> &[String] {
        self.split.get(&token.text).map_or(&[], Vec::as_slice)
    }
}

/// Reads `7 text`; blanks are left out by the query.
fn token_of(line: &str) -> Option<Token> {
    let (kind, text) = line.split_once(' ')?;
    let kind = match kind {
        "1" | "2" | "3" | "9" | "10" | "11" => TokenType::Word,
        "15" | "16" | "17" => TokenType::Compound,
        "7" | "8" | "20" | "21" | "22" => TokenType::Number,
        _ => TokenType::Address,
    };
    Some(Token { kind, text: text.to_owned() })
}
