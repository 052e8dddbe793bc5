//! Reads the texts of a posting into its table of terms.

use crate::matching::{
    query::Fields,
    table::TermTable,
    text::{Language, Term, Token, WordTerms, form_at, scan},
};

/// How a word is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Surface {
    /// Begin and length in the folded text.
    Written(u32, u32),
    /// A technology under its canonical name.
    Canonical(&'static str),
}

/// A posting that is being read.
pub(super) struct Reader {
    pub language: Language,
    pub table: TermTable,
    pub surfaces: Vec<(Surface, Term)>,
    pub position: u32,
}

impl Reader {
    /// Reads one text of `field` that starts at `base`; the next text comes after a gap, so that no phrase spans both.
    pub fn read<'a>(&mut self, text: &'a str, base: usize, field: Fields, tokens: &mut Vec<Token<'a>>) {
        tokens.clear();
        scan(text, tokens);
        let mut at = 0;
        while let Some(rest) = tokens.get(at..)
            && let Some(first) = rest.first()
        {
            let form = form_at(rest);
            if let Some(form) = form {
                self.table.mark(Term::form(form.canonical), field);
            }
            match form {
                Some(form) if form.closed => {
                    self.place(Surface::Canonical(form.canonical), Term::exact(form.canonical), field);
                    at += form.tokens;
                }
                _ => {
                    self.word(first, base, field);
                    at += 1;
                }
            }
        }
        self.position += 2;
    }

    fn word(&mut self, token: &Token<'_>, base: usize, field: Fields) {
        let range = (u32::try_from(base + token.begin), u32::try_from(token.word.len()));
        let (Ok(begin), Ok(len)) = range else { return };
        self.terms(Surface::Written(begin, len), token.word, field);
    }

    /// Notes all terms of a word.
    pub fn terms(&mut self, surface: Surface, word: &str, field: Fields) {
        let terms = WordTerms::of(word, self.language);
        self.place(surface, terms.exact, field);
        for form in terms.forms() {
            self.table.mark(*form, field);
        }
        if let Some(technology) = terms.lone.filter(|_| Fields::PROMINENT.meets(field)) {
            self.table.mark(technology, field);
        }
    }

    fn place(&mut self, surface: Surface, exact: Term, field: Fields) {
        if self.table.place(exact, field, self.position) {
            self.surfaces.push((surface, exact));
        }
        self.position += 1;
    }
}
