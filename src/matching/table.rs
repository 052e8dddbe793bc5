//! The terms of one posting, with the fields and positions they stand in.

use super::{query::Fields, text::Term};

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Slot {
    term: u64,
    /// Last occurrence; the list runs backwards.
    head: u32,
    fields: u8,
}

#[derive(Clone, Copy, Debug)]
struct Occurrence {
    position: u32,
    before: u32,
    field: u8,
}

/// An open-addressing table, built once for each posting.
#[derive(Clone, Debug)]
pub struct TermTable {
    slots: Vec<Slot>,
    used: usize,
    occurrences: Vec<Occurrence>,
}

const EMPTY: Slot = Slot { term: 0, head: NONE, fields: 0 };

impl TermTable {
    /// A table sized for `words` words.
    pub fn for_words(words: usize) -> Self {
        let size = (words.max(16) * 2).next_power_of_two();
        Self { slots: vec![EMPTY; size], used: 0, occurrences: Vec::with_capacity(words) }
    }

    /// Notes that `term` stands in `field`, without a position. Says whether it is new to the table.
    pub fn mark(&mut self, term: Term, field: Fields) -> bool {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let at = self.find(term.0);
        let Some(slot) = self.slots.get_mut(at) else { return false };
        let new = slot.fields == 0;
        slot.term = term.0;
        slot.fields |= field.0;
        self.used += usize::from(new);
        new
    }

    /// Notes that `term` stands at `position` of `field`. Says whether it is new to the table.
    pub fn place(&mut self, term: Term, field: Fields, position: u32) -> bool {
        let new = self.mark(term, field);
        let at = self.find(term.0);
        if let (Some(slot), Ok(index)) = (self.slots.get_mut(at), u32::try_from(self.occurrences.len())) {
            self.occurrences.push(Occurrence { position, before: slot.head, field: field.0 });
            slot.head = index;
        }
        new
    }

    /// The fields `term` stands in; no bit where it is absent.
    pub fn fields_of(&self, term: Term) -> Fields {
        self.slots.get(self.find(term.0)).map_or(Fields(0), |slot| Fields(slot.fields))
    }

    /// The fields of `within` in which `words` stand in a row.
    pub fn phrase(&self, words: &[Term], within: Fields) -> Fields {
        let Some((first, rest)) = words.split_first() else { return Fields(0) };
        if rest.is_empty() {
            return Fields(self.fields_of(*first).0 & within.0);
        }
        if words.iter().any(|word| !self.fields_of(*word).meets(within)) {
            return Fields(0);
        }
        let mut found = 0;
        for start in self.occurrences_of(*first).filter(|start| within.meets(Fields(start.field))) {
            let in_a_row = rest.iter().zip(start.position + 1..).all(|(word, position)| {
                self.occurrences_of(*word).any(|next| next.position == position && next.field == start.field)
            });
            if in_a_row {
                found |= start.field;
            }
        }
        Fields(found)
    }

    /// All terms with their fields, in no particular order.
    pub fn terms(&self) -> impl Iterator<Item = (Term, Fields)> {
        self.slots.iter().filter(|slot| slot.fields != 0).map(|slot| (Term(slot.term), Fields(slot.fields)))
    }

    /// The positions of `term`, last first.
    pub fn positions(&self, term: Term) -> impl Iterator<Item = u32> {
        self.occurrences_of(term).map(|occurrence| occurrence.position)
    }

    /// How many different terms there are.
    pub fn len(&self) -> usize {
        self.used
    }

    fn occurrences_of(&self, term: Term) -> impl Iterator<Item = Occurrence> {
        let mut next = self.slots.get(self.find(term.0)).map_or(NONE, |slot| slot.head);
        std::iter::from_fn(move || {
            let occurrence = *self.occurrences.get(next as usize)?;
            next = occurrence.before;
            Some(occurrence)
        })
    }

    /// Index of the slot that holds `term` or may take it.
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits of the hash are wanted")]
    fn find(&self, term: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (term ^ (term >> 32)) as usize & mask;
        while self.slots.get(at).is_some_and(|slot| slot.fields != 0 && slot.term != term) {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        let bigger = vec![EMPTY; self.slots.len() * 2];
        let old = std::mem::replace(&mut self.slots, bigger);
        for slot in old.into_iter().filter(|slot| slot.fields != 0) {
            let at = self.find(slot.term);
            if let Some(free) = self.slots.get_mut(at) {
                *free = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_stay_within_a_field_and_tables_grow() {
        let mut table = TermTable::for_words(1);
        let term = |n: u32| Term(u64::from(n) << 32);
        for n in 0..500 {
            assert!(table.place(term(n), if n < 250 { Fields::TITLE } else { Fields::BODY }, n));
        }
        assert_eq!(table.len(), 500);
        assert_eq!(table.phrase(&[term(7), term(8), term(9)], Fields::ALL), Fields::TITLE);
        assert_eq!(table.phrase(&[term(7), term(9)], Fields::ALL), Fields(0));
        assert_eq!(table.phrase(&[term(249), term(250)], Fields::ALL), Fields(0));
        assert_eq!(table.phrase(&[term(300), term(301)], Fields::TITLE), Fields(0));
        assert_eq!(table.fields_of(term(501)), Fields(0));
        assert_eq!(table.positions(term(3)).collect::<Vec<_>>(), [3]);
    }
}
