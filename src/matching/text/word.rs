//! Everything a posting says by one word.

use super::{Language, Stems, Term, heads::head, lone_letter};

/// The terms of one word of a posting.
#[derive(Clone, Copy, Debug)]
pub struct WordTerms {
    /// As written; has a position.
    pub exact: Term,
    /// Form in a title or a list of skills only: `go` is the language there.
    pub lone: Option<Term>,
    forms: [Term; 4],
    count: u8,
}

impl WordTerms {
    /// The terms of a folded word in a text of `language`.
    pub fn of(word: &str, language: Language) -> Self {
        let stems = Stems::of(word, language);
        let mut terms = Self {
            exact: stems.exact,
            lone: lone_letter(word).map(Term::form),
            forms: [stems.english; 4],
            count: 1,
        };
        terms.add(stems.own);
        if let Some(head) = head(word) {
            let stems = Stems::of(head, language);
            terms.add(stems.english);
            terms.add(stems.own);
        }
        terms
    }

    /// Its forms, each once: in English, in the language of the text, and those of the head word of a compound.
    pub fn forms(&self) -> &[Term] {
        self.forms.get(..usize::from(self.count)).unwrap_or_default()
    }

    fn add(&mut self, term: Term) {
        if !self.forms().contains(&term)
            && let Some(free) = self.forms.get_mut(usize::from(self.count))
        {
            *free = term;
            self.count += 1;
        }
    }
}
