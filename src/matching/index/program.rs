//! What a search asks beyond its entry, as a row of 32-bit words.
//!
//! A program is a row of items all of which must hold. An item is one word: the kind in the lowest three bits, then the fields or the kind of
//! fact in five, then a number in twenty-four; what the number counts follows it. Reading never fails: what makes no sense does not hold.

use chrono::{Datelike, NaiveDate};

use super::view::View;
use crate::matching::{filters::RuleGroup, query::Fields, text::Term};

const ATOM: u32 = 0;
const PHRASE: u32 = 1;
const AND: u32 = 2;
const OR: u32 = 3;
const NOT: u32 = 4;
/// Items that do not count for the score.
const SILENT: u32 = 5;
const FACT: u32 = 6;

const LEAST_PAY: u32 = 0;
const MOST_PAY: u32 = 1;
const AREA: u32 = 2;
const WITHIN_DAYS: u32 = 3;
const SINCE: u32 = 4;
const SOURCES: u32 = 5;
const RULES: u32 = 6;

/// Largest number in an item.
pub const MAX: u32 = (1 << 24) - 1;

/// A joint of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// All of them.
    And,
    /// One of them.
    Or,
    /// Not all of them.
    Not,
    /// All of them, without counting for the score.
    Silent,
}

/// Writes a program.
#[derive(Debug, Default)]
pub struct Writer {
    words: Vec<u32>,
    rules: Vec<RuleGroup>,
}

/// A program as written.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Its words.
    pub words: Box<[u32]>,
    /// Rule trees that the words name by their place here.
    pub rules: Box<[RuleGroup]>,
}

impl Writer {
    fn item(&mut self, kind: u32, part: u32, number: u32) {
        self.words.push(kind | part << 3 | number.min(MAX) << 8);
    }

    /// The posting has `atom` in one of `fields`.
    pub fn atom(&mut self, atom: u32, fields: Fields) {
        self.item(ATOM, u32::from(fields.0), atom);
    }

    /// The posting has these atoms in a row in one of `fields`.
    pub fn phrase(&mut self, atoms: &[u32], fields: Fields) {
        self.item(PHRASE, u32::from(fields.0), count(atoms.len()));
        self.words.extend_from_slice(atoms);
    }

    /// What `inner` writes, joined.
    pub fn joint(&mut self, joint: Joint, inner: impl FnOnce(&mut Self)) {
        let at = self.words.len();
        self.words.push(0);
        inner(self);
        let kind = match joint {
            Joint::And => AND,
            Joint::Or => OR,
            Joint::Not => NOT,
            Joint::Silent => SILENT,
        };
        let length = count(self.words.len() - at - 1);
        if let Some(head) = self.words.get_mut(at) {
            *head = kind | length << 8;
        }
    }

    /// The posting's highest pay in `currency` is at least `pay`.
    pub fn least_pay(&mut self, pay: f64, currency: u32) {
        self.item(FACT, LEAST_PAY, currency);
        self.number(pay.to_bits());
    }

    /// The posting's lowest pay in `currency` is at most `pay`.
    pub fn most_pay(&mut self, pay: f64, currency: u32) {
        self.item(FACT, MOST_PAY, currency);
        self.number(pay.to_bits());
    }

    /// The posting is in an area.
    pub fn area(&mut self, area: u32) {
        self.item(FACT, AREA, area);
    }

    /// The posting was published no more days ago.
    pub fn within_days(&mut self, days: u32) {
        self.item(FACT, WITHIN_DAYS, 1);
        self.words.push(days);
    }

    /// The posting was published on `day` or later.
    pub fn since(&mut self, day: NaiveDate) {
        self.item(FACT, SINCE, 1);
        self.words.push(day.num_days_from_ce().cast_unsigned());
    }

    /// The posting comes from one of these sources.
    pub fn sources<'a>(&mut self, sources: impl ExactSizeIterator<Item = &'a str>) {
        self.item(FACT, SOURCES, count(sources.len()));
        sources.for_each(|source| self.number(Term::source(source).0));
    }

    /// The posting satisfies a rule tree.
    pub fn rules(&mut self, rules: RuleGroup) {
        self.item(FACT, RULES, count(self.rules.len()));
        self.rules.push(rules);
    }

    /// What was written.
    pub fn finish(self) -> Program {
        Program { words: self.words.into_boxed_slice(), rules: self.rules.into_boxed_slice() }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    fn number(&mut self, number: u64) {
        self.words.extend([number as u32, (number >> 32) as u32]);
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(MAX).min(MAX)
}

/// Adds `by` to the number of every rule tree named in `words`.
pub fn move_rules(words: &mut [u32], by: u32) {
    let mut at = 0;
    while let Some(&word) = words.get(at) {
        let (kind, part, number) = parts(word);
        if kind == FACT
            && part == RULES
            && let Some(word) = words.get_mut(at)
        {
            *word = FACT | RULES << 3 | (number + by).min(MAX) << 8;
        }
        at += 1 + operands(kind, part, number);
    }
}

fn parts(word: u32) -> (u32, u32, u32) {
    (word & 7, word >> 3 & 31, word >> 8)
}

/// Words that follow an item and are no items themselves.
fn operands(kind: u32, part: u32, number: u32) -> usize {
    match (kind, part) {
        (PHRASE, _) => number as usize,
        (FACT, LEAST_PAY | MOST_PAY) => 2,
        (FACT, WITHIN_DAYS | SINCE) => 1,
        (FACT, SOURCES) => number as usize * 2,
        _ => 0,
    }
}

/// How many words of a search were found, and how many of them stand in more than the running text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Words and phrases found.
    pub all: u32,
    /// Those in title, company, place or skills.
    pub prominent: u32,
}

impl Found {
    /// Counts a word found in `fields`, if it was.
    pub fn count(&mut self, fields: Fields) {
        self.all += u32::from(fields.0 != 0);
        self.prominent += u32::from(fields.0 & !Fields::BODY.0 != 0);
    }
}

/// Puts programs to one posting.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The posting.
    pub view: &'a View<'a>,
    /// The rule trees that the programs name.
    pub rules: &'a [RuleGroup],
}

impl Judge<'_> {
    /// Whether all items hold; counts the words it finds on the way.
    pub fn all(&self, mut words: &[u32], found: &mut Found) -> bool {
        while let Some((holds, rest)) = self.next(words, Some(found)) {
            if !holds {
                return false;
            }
            words = rest;
        }
        true
    }

    /// Goes on after the first that does not hold where there are words to count.
    fn every(&self, mut words: &[u32], mut found: Option<&mut Found>) -> bool {
        let mut every = true;
        while let Some((holds, rest)) = self.next(words, found.as_deref_mut()) {
            every &= holds;
            if !holds && found.is_none() {
                break;
            }
            words = rest;
        }
        every
    }

    /// Goes on after the first that holds where there are words to count.
    fn any(&self, mut words: &[u32], mut found: Option<&mut Found>) -> bool {
        let mut any = false;
        while let Some((holds, rest)) = self.next(words, found.as_deref_mut()) {
            any |= holds;
            if holds && found.is_none() {
                break;
            }
            words = rest;
        }
        any
    }

    /// Whether the first item holds, and the items after it.
    #[inline]
    fn next<'w>(&self, words: &'w [u32], found: Option<&mut Found>) -> Option<(bool, &'w [u32])> {
        let (word, rest) = words.split_first()?;
        let (kind, part, number) = parts(*word);
        if kind == ATOM {
            let stands = Fields(self.view.fields_of(number).0 & fields(part).0);
            if let Some(found) = found {
                found.count(stands);
            }
            return Some((stands.0 != 0, rest));
        }
        let own = if (AND..=SILENT).contains(&kind) { number as usize } else { operands(kind, part, number) };
        let (body, after) = rest.split_at_checked(own).unwrap_or((rest, &[]));
        let holds = match kind {
            PHRASE => {
                let stands = self.view.phrase(body, fields(part));
                if let Some(found) = found {
                    found.count(stands);
                }
                stands.0 != 0
            }
            AND => self.every(body, found),
            OR => self.any(body, found),
            NOT => !self.every(body, None),
            SILENT => self.every(body, None),
            _ => self.fact(part, number, body),
        };
        Some((holds, after))
    }

    fn fact(&self, part: u32, number: u32, body: &[u32]) -> bool {
        let view = self.view;
        match (part, body) {
            (LEAST_PAY, [low, high]) => view.pay(number).high >= f64::from_bits(wide(*low, *high)),
            (MOST_PAY, [low, high]) => view.pay(number).low <= f64::from_bits(wide(*low, *high)),
            (AREA, _) => view.areas.binary_search(&number).is_ok(),
            (WITHIN_DAYS, [days]) => view.age.is_some_and(|age| age <= i64::from(*days)),
            (SINCE, [day]) => {
                view.item.posted.is_some_and(|posted| posted.num_days_from_ce() >= day.cast_signed())
            }
            (SOURCES, hashes) => {
                let mut pairs = hashes.chunks_exact(2);
                pairs.any(|pair| matches!(pair, [low, high] if view.source == Term(wide(*low, *high))))
            }
            (RULES, _) => {
                let rules = self.rules.get(number as usize);
                rules.is_some_and(|rules| rules.holds(&view.item, view.today))
            }
            _ => false,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "five bits")]
fn fields(part: u32) -> Fields {
    Fields(part as u8)
}

fn wide(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}
