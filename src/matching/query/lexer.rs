//! Splits a query into words, phrases and operators.

use super::{Fields, MAX_DEPTH};

/// One piece of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lexeme<'a> {
    Word(&'a str),
    Phrase(&'a str),
    Open,
    Close,
    Minus,
    Field(Fields),
}

const QUOTES: [char; 6] = ['"', '“', '”', '„', '«', '»'];

/// Splits `text`; parentheses come out balanced and at most [`MAX_DEPTH`] deep.
pub fn lex(text: &str) -> Vec<Lexeme<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    let (mut depth, mut left_out) = (0, 0);
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        if QUOTES.contains(&first) {
            let end = after.find(QUOTES).unwrap_or(after.len());
            out.push(Lexeme::Phrase(&after[..end]));
            rest = after.get(end..).map_or("", |tail| tail.strip_prefix(QUOTES).unwrap_or(tail));
        } else if first == '(' {
            if depth < MAX_DEPTH {
                depth += 1;
                out.push(Lexeme::Open);
            } else {
                left_out += 1;
            }
            rest = after;
        } else if first == ')' {
            if left_out > 0 {
                left_out -= 1;
            } else if depth > 0 {
                depth -= 1;
                out.push(Lexeme::Close);
            }
            rest = after;
        } else if first == '-' {
            let behind = rest.trim_start_matches('-');
            if behind.chars().next().is_some_and(|next| !next.is_whitespace() && next != ')') {
                out.extend(std::iter::repeat_n(Lexeme::Minus, rest.len() - behind.len()));
            }
            rest = behind;
        } else if first.is_whitespace() {
            rest = after;
        } else {
            let end = rest
                .find(|c: char| c.is_whitespace() || c == '(' || c == ')' || QUOTES.contains(&c))
                .unwrap_or(rest.len());
            let word = &rest[..end];
            if let Some((name, _)) = word.split_once(':')
                && let Some(fields) = Fields::named(name)
            {
                out.push(Lexeme::Field(fields));
                rest = &rest[name.len() + 1..];
            } else {
                out.push(Lexeme::Word(word));
                rest = &rest[end..];
            }
        }
    }
    out.extend(std::iter::repeat_n(Lexeme::Close, depth));
    out
}
