//! Builds the tree: `or := and (OR and)*`, `and := (AND? unary)+`,
//! `unary := (- | NOT) unary | field: unary | ( or ) | phrase | word | prefix*`.

use super::{Fields, Node, lexer::Lexeme};
use crate::matching::text::{
    Join, Term, Token, fold, form_at, lone_letter, scan, spelled_out, stems_of, synonyms,
};

/// From so many letters on, a last `s` is the plural: microservices, but not iOS.
const LONG_NAME: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    And,
    Or,
    Not,
}

struct Parser<'a> {
    lexemes: &'a [Lexeme<'a>],
    at: usize,
    synonyms: bool,
}

/// The tree of a query; `None` where nothing in it is a word.
pub fn parse(lexemes: &[Lexeme<'_>], synonyms: bool) -> Option<Node> {
    Parser { lexemes, at: 0, synonyms }.any_of(Fields::ALL)
}

/// Text without operators: one word or form in all its forms, several words as a phrase.
pub fn literal(text: &str, fields: Fields, synonyms: bool) -> Option<Node> {
    let parser = Parser { lexemes: &[], at: 0, synonyms };
    let mut nodes = Vec::new();
    parser.plain(text, fields, &mut nodes);
    if nodes.len() > 1 { phrase(text, fields) } else { nodes.pop() }
}

/// The name of a technology: its known spellings, its number and its synonyms, but no stems, for names are no words of a language
/// (Solidity is not SOLID); several words as a phrase.
pub fn technology(name: &str, synonyms: bool) -> Option<Node> {
    let mut folded = String::new();
    fold(name, &mut folded);
    let mut tokens = Vec::new();
    scan(&folded, &mut tokens);
    let word = match (form_at(&tokens), tokens.as_slice()) {
        (Some(form), _) if form.tokens == tokens.len() => form.canonical,
        (None, [only]) => only.word,
        _ => return in_a_row(&tokens, Fields::TECH),
    };
    let word = lone_letter(word).unwrap_or(word);
    let mut any = Vec::new();
    let others = if synonyms { self::synonyms(word) } else { &[] };
    for name in others.iter().copied().chain([word]) {
        any.extend([Term::exact(name), Term::form(name)]);
        if name.len() >= LONG_NAME && name.bytes().all(|byte| byte.is_ascii_lowercase()) {
            any.push(match name.strip_suffix('s') {
                Some(singular) => Term::exact(singular),
                None => Term::exact(&format!("{name}s")),
            });
        }
    }
    any.extend(spelled_out(raw_of(name, word)).into_iter().map(|other| Term::exact(&other)));
    any.sort_unstable();
    any.dedup();
    Some(Node::Word { label: word.into(), fields: Fields::TECH, any: any.into_boxed_slice() })
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Lexeme<'a>> {
        self.lexemes.get(self.at).copied()
    }

    /// The operator at this place. Upper case always is one; lower case only between two terms, as in web search.
    fn operator(&self) -> Option<Operator> {
        let Lexeme::Word(word) = self.peek()? else { return None };
        let operator = match word {
            "AND" | "&&" => return Some(Operator::And),
            "OR" | "||" | "|" => return Some(Operator::Or),
            "NOT" => return Some(Operator::Not),
            _ if word.eq_ignore_ascii_case("and") => Operator::And,
            _ if word.eq_ignore_ascii_case("or") => Operator::Or,
            _ if word.eq_ignore_ascii_case("not") => Operator::Not,
            _ => return None,
        };
        let before = self.at.checked_sub(1).and_then(|at| self.lexemes.get(at));
        let term_before = match before {
            Some(Lexeme::Word(word)) => !matches!(*word, "AND" | "OR" | "NOT" | "&&" | "||" | "|"),
            Some(Lexeme::Phrase(_) | Lexeme::Close) => true,
            _ => false,
        };
        let term_after = !matches!(self.lexemes.get(self.at + 1), None | Some(Lexeme::Close));
        (term_before && term_after).then_some(operator)
    }

    fn any_of(&mut self, fields: Fields) -> Option<Node> {
        let mut nodes = Vec::new();
        loop {
            nodes.extend(self.all_of(fields));
            if self.operator() == Some(Operator::Or) {
                self.at += 1;
            } else {
                break;
            }
        }
        joined(nodes, Node::Or)
    }

    fn all_of(&mut self, fields: Fields) -> Option<Node> {
        let mut nodes = Vec::new();
        loop {
            match self.operator() {
                Some(Operator::Or) => break,
                Some(Operator::And) => {
                    self.at += 1;
                    continue;
                }
                Some(Operator::Not) | None => {}
            }
            match self.peek() {
                None | Some(Lexeme::Close) => break,
                Some(Lexeme::Word(_)) if self.operator().is_none() => self.words(fields, &mut nodes),
                Some(_) => nodes.extend(self.unary(fields)),
            }
        }
        joined(nodes, Node::And)
    }

    /// A term that is not a run of words: negations and fields, then one term.
    fn unary(&mut self, mut fields: Fields) -> Option<Node> {
        let mut negated = false;
        loop {
            match self.peek()? {
                Lexeme::Minus => negated = !negated,
                Lexeme::Field(field) => fields = field,
                Lexeme::Word(_) if self.operator() == Some(Operator::Not) => negated = !negated,
                _ => break,
            }
            self.at += 1;
        }
        let node = match self.peek()? {
            Lexeme::Open => {
                self.at += 1;
                let node = self.any_of(fields);
                if self.peek() == Some(Lexeme::Close) {
                    self.at += 1;
                }
                node
            }
            Lexeme::Phrase(text) => {
                self.at += 1;
                phrase(text, fields)
            }
            Lexeme::Word(_) if matches!(self.operator(), Some(Operator::And | Operator::Or)) => None,
            Lexeme::Word(word) => {
                self.at += 1;
                let mut nodes = Vec::new();
                self.one_word(word, fields, &mut nodes);
                joined(nodes, Node::And)
            }
            Lexeme::Close | Lexeme::Minus | Lexeme::Field(_) => None,
        }?;
        Some(if negated { Node::Not(Box::new(node)) } else { node })
    }

    /// A run of bare words, read together so that `node js` and `machine learning` are seen.
    fn words(&mut self, fields: Fields, nodes: &mut Vec<Node>) {
        let mut run = String::new();
        while let Some(Lexeme::Word(word)) = self.peek() {
            if self.operator().is_some() {
                break;
            }
            self.at += 1;
            if word.ends_with('*') {
                self.plain(&run, fields, nodes);
                run.clear();
                self.one_word(word, fields, nodes);
            } else {
                run.push_str(word);
                run.push(' ');
            }
        }
        self.plain(&run, fields, nodes);
    }

    fn one_word(&self, word: &str, fields: Fields, nodes: &mut Vec<Node>) {
        let Some(beginning) = word.strip_suffix('*') else { return self.plain(word, fields, nodes) };
        let beginning = beginning.trim_end_matches('*');
        if !beginning.ends_with(|c: char| c.is_alphanumeric() || c == '+' || c == '#') {
            return self.plain(beginning, fields, nodes);
        }
        let mut folded = String::new();
        fold(beginning, &mut folded);
        let mut tokens = Vec::new();
        scan(&folded, &mut tokens);
        if let Some((last, before)) = tokens.split_last() {
            nodes.extend(before.iter().map(|token| self.word(token.word, token.word, fields)));
            nodes.push(Node::Prefix { label: last.word.into(), fields });
        }
    }

    /// Bare text: forms, words, and words written together as phrases.
    fn plain(&self, text: &str, fields: Fields, nodes: &mut Vec<Node>) {
        let mut folded = String::new();
        fold(text, &mut folded);
        let mut tokens = Vec::new();
        scan(&folded, &mut tokens);
        let mut at = 0;
        while let Some(rest) = tokens.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some(form) = form_at(rest) {
                nodes.push(self.word(form.canonical, form.canonical, fields));
                at += form.tokens;
                continue;
            }
            let glued = 1 + rest.iter().skip(1).take_while(|token| token.join == Join::Glued).count();
            match rest {
                [only, ..] if glued == 1 => nodes.push(self.word(only.word, raw_of(text, only.word), fields)),
                _ => nodes.extend(in_a_row(rest.get(..glued).unwrap_or(rest), fields)),
            }
            at += glued;
        }
    }

    /// A word in all its forms; `raw` is the spelling before folding, where it is known.
    fn word(&self, word: &str, raw: &str, fields: Fields) -> Node {
        let mut any = Vec::new();
        let word = lone_letter(word).unwrap_or(word);
        forms_of(word, &mut any);
        for other in spelled_out(raw) {
            forms_of(&other, &mut any);
        }
        if self.synonyms {
            for other in synonyms(word) {
                forms_of(other, &mut any);
            }
        }
        any.sort_unstable();
        Node::Word { label: word.into(), fields, any: any.into_boxed_slice() }
    }
}

/// Forms a word can have; canonical technologies have one.
fn forms_of(word: &str, any: &mut Vec<Term>) {
    if word.bytes().all(|byte| byte.is_ascii_alphabetic()) || !word.is_ascii() {
        stems_of(word, any);
    } else if !any.contains(&Term::form(word)) {
        any.push(Term::form(word));
    }
}

/// The spelling in `text` that folds to `word`.
fn raw_of<'a>(text: &'a str, word: &'a str) -> &'a str {
    if text.is_ascii() {
        return word;
    }
    let mut folded = String::new();
    text.split(|c: char| !c.is_alphanumeric())
        .find(|raw| {
            folded.clear();
            fold(raw, &mut folded);
            folded == word
        })
        .unwrap_or(word)
}

/// Quoted text: the exact words in a row.
pub fn phrase(text: &str, fields: Fields) -> Option<Node> {
    let mut folded = String::new();
    fold(text, &mut folded);
    let mut tokens = Vec::new();
    scan(&folded, &mut tokens);
    in_a_row(&tokens, fields)
}

fn in_a_row(tokens: &[Token<'_>], fields: Fields) -> Option<Node> {
    let mut label = String::new();
    let mut words = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(rest) = tokens.get(at..).filter(|rest| !rest.is_empty()) {
        let (word, taken) = match (form_at(rest), rest) {
            (Some(form), _) if form.closed => (form.canonical, form.tokens),
            (_, [first, ..]) => (first.word, 1),
            _ => break,
        };
        if !label.is_empty() {
            label.push(' ');
        }
        label.push_str(word);
        words.push(Term::exact(word));
        at += taken;
    }
    (!words.is_empty()).then(|| Node::Phrase { label: label.into(), fields, words: words.into_boxed_slice() })
}

fn joined(mut nodes: Vec<Node>, join: fn(Box<[Node]>) -> Node) -> Option<Node> {
    match nodes.len() {
        0 => None,
        1 => nodes.pop(),
        _ => Some(join(nodes.into_boxed_slice())),
    }
}
