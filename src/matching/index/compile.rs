//! From a search to where it is filed and what is left to check there.
//!
//! Every posting that matches is in one of the areas of a search and has one of its keys: the rarest of what it requires, so that few others
//! have it. The key, the second rarest word and the usual filters fit into the [`Entry`]; the rest becomes a [`Program`].

use std::sync::{PoisonError, RwLock};

use super::{
    entry::{Entry, NO_FLOOR},
    frequency::Frequencies,
    lexicon::{ALWAYS, Lexicon},
    places::{EVERYWHERE, Places, REMOTE_ONLY},
    program::{Joint, Program, Writer},
};
use crate::{
    domain::RemoteOption,
    matching::{
        filters::Clause,
        location::Area,
        profile::visa_cues,
        query::{Fields, Node},
        search::CompiledSearch,
    },
};

/// A search is not filed under more keys than this.
const MAX_KEYS: usize = 64;

/// A search is not filed in more areas than this; the places of one that names more are an area of their own.
const MAX_AREAS: usize = 8;

/// What all searches share.
#[derive(Debug)]
pub struct Shared {
    /// Words.
    pub lexicon: Lexicon,
    /// Areas.
    pub places: Places,
    /// Currencies that searches name, by their number; the first is none.
    pub currencies: Currencies,
    /// Words in a row any of which a posting has that says something about visas.
    pub visa_cues: Box<[Box<[u32]>]>,
}

impl Default for Shared {
    fn default() -> Self {
        let lexicon = Lexicon::default();
        let visa_cues = visa_cues()
            .iter()
            .map(|words| words.iter().filter_map(|word| lexicon.in_a_row(*word)).collect())
            .collect();
        Self { lexicon, places: Places::default(), currencies: Currencies::default(), visa_cues }
    }
}

/// The currencies of searches; the number 0 is that of searches that name none.
#[derive(Debug, Default)]
pub struct Currencies(RwLock<Vec<Box<str>>>);

impl Currencies {
    fn intern(&self, code: Option<&str>) -> u32 {
        let Some(code) = code else { return 0 };
        let mut codes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let at = codes.iter().position(|known| &**known == code).unwrap_or_else(|| {
            codes.push(code.into());
            codes.len() - 1
        });
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        // The number of no floor is not given to a currency.
        if number >= NO_FLOOR { number + 1 } else { number }
    }

    /// The codes after the first `known` ones.
    pub fn after(&self, known: usize) -> Vec<Box<str>> {
        let codes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        codes.get(known..).unwrap_or_default().to_vec()
    }
}

/// A search ready to be filed.
#[derive(Clone, Debug)]
pub struct Filed {
    /// Where it is filed: an area and an atom, once or more. A posting that matches has both of at least one.
    pub places: Vec<(u32, u32)>,
    /// Without slot and program.
    pub entry: Entry,
    /// What is left to check.
    pub program: Program,
}

/// A part of a search that must hold.
enum Part<'a> {
    /// A clause of the query, or technologies; its words count for the score.
    Words(&'a Node),
    /// A company.
    Silent(&'a Node),
    /// Must not hold.
    Excluded(&'a Node),
}

struct Compiler<'a> {
    shared: &'a Shared,
    frequencies: &'a Frequencies,
    entry: Entry,
    /// Together, the area of the search; none until a filter speaks of it.
    areas: Vec<u32>,
    program: Writer,
    parts: Vec<Part<'a>>,
}

/// Files a search; `None` where there are too many different words or places for one index.
pub fn file(search: &CompiledSearch, shared: &Shared, frequencies: &Frequencies) -> Option<Filed> {
    let mut compiler = Compiler {
        shared,
        frequencies,
        entry: Entry::default(),
        areas: Vec::new(),
        program: Writer::default(),
        parts: Vec::new(),
    };
    search.query.root.iter().for_each(|root| compiler.require(root));
    for clause in &search.filters.clauses {
        compiler.clause(clause)?;
    }
    compiler.finish()
}

impl<'a> Compiler<'a> {
    fn require(&mut self, node: &'a Node) {
        match node {
            Node::And(nodes) => nodes.iter().for_each(|node| self.require(node)),
            node => self.parts.push(Part::Words(node)),
        }
    }

    fn clause(&mut self, clause: &'a Clause) -> Option<()> {
        match clause {
            Clause::Location(wishes) => {
                let places = &self.shared.places;
                if self.areas.is_empty() || self.areas == [REMOTE_ONLY] {
                    // Whoever looks there is found there, wherever else they look.
                    self.areas = Area::each(wishes).map(|area| places.intern(area)).collect::<Option<_>>()?;
                    self.areas.sort_unstable();
                    self.areas.dedup();
                    if self.areas.len() > MAX_AREAS {
                        self.areas = vec![places.intern(Area::of(wishes))?];
                    }
                } else {
                    self.program.area(places.intern(Area::of(wishes))?);
                }
            }
            Clause::Remote(options) => {
                self.entry.restrict_remote(options);
                if **options == [RemoteOption::Remote] && self.areas.is_empty() {
                    self.areas.push(REMOTE_ONLY);
                }
            }
            Clause::JobType(kinds) => self.entry.restrict_types(kinds),
            Clause::Seniority(levels) => self.entry.restrict_levels(levels),
            Clause::MinSalary(pay, currency) => {
                let currency = self.shared.currencies.intern(currency.as_deref());
                match whole(*pay).filter(|_| currency < NO_FLOOR && !self.entry.has_floor()) {
                    Some(floor) => self.entry.set_floor(floor, currency),
                    None => self.program.least_pay(*pay, currency),
                }
            }
            Clause::MaxSalary(pay, currency) => {
                let currency = self.shared.currencies.intern(currency.as_deref());
                self.program.most_pay(*pay, currency);
            }
            Clause::Tech(node) => self.require(node),
            Clause::Company(node) => self.parts.push(Part::Silent(node)),
            Clause::Exclude(node) => self.parts.push(Part::Excluded(node)),
            Clause::PostedWithin(days) => self.program.within_days(*days),
            Clause::PostedAfter(day) => self.program.since(*day),
            Clause::Source(sources) => self.program.sources(sources.iter().map(|source| &**source)),
            Clause::Text(query) => query.root.iter().for_each(|root| self.require(root)),
            Clause::Rules(group) => self.program.rules((**group).clone()),
        }
        Some(())
    }

    fn finish(mut self) -> Option<Filed> {
        let parts = std::mem::take(&mut self.parts);
        let costs: Vec<Option<f32>> = parts
            .iter()
            .map(|part| match part {
                Part::Words(node) | Part::Silent(node) => self.cost(node),
                Part::Excluded(_) => None,
            })
            .collect();
        let cost = |at: usize| costs.get(at).copied().flatten();
        let cheapest = |some: &dyn Fn(usize) -> bool| {
            let priced = (0..parts.len()).filter(|at| some(*at)).filter_map(|at| Some((at, cost(at)?)));
            priced.min_by(|(_, left), (_, right)| left.total_cmp(right)).map(|(at, _)| at)
        };
        let best = cheapest(&|_| true);
        let plain = |at: usize| matches!(parts.get(at), Some(Part::Words(node)) if is_plain(node));
        let mut keys = Vec::new();
        match best.and_then(|at| parts.get(at)) {
            Some(Part::Words(node) | Part::Silent(node)) => self.keys(node, &mut keys)?,
            _ => keys.push(ALWAYS),
        }
        keys.sort_unstable();
        keys.dedup();
        if self.areas.is_empty() {
            self.areas.push(EVERYWHERE);
        }
        if keys.len() * self.areas.len() > 1 {
            self.entry.set_multiple();
        }
        let key = best.filter(|at| plain(*at));
        if key.is_some() {
            self.entry.set_key_counts();
        }
        let second = cheapest(&|at| Some(at) != key && plain(at));
        if let Some(Part::Words(node)) = second.and_then(|at| parts.get(at)) {
            self.entry.second = self.atom(node)?;
        }
        for (at, part) in parts.iter().enumerate() {
            if Some(at) != key && Some(at) != second {
                self.write(part)?;
            }
        }
        Some(Filed {
            places: self.areas.iter().flat_map(|area| keys.iter().map(|key| (*area, *key))).collect(),
            entry: self.entry,
            program: self.program.finish(),
        })
    }

    /// The share of postings that have one of a node's keys; `None` where it has none.
    fn cost(&self, node: &Node) -> Option<f32> {
        match node {
            Node::And(nodes) => nodes.iter().filter_map(|node| self.cost(node)).min_by(f32::total_cmp),
            Node::Or(nodes) if nodes.len() <= MAX_KEYS => {
                nodes.iter().try_fold(0.0, |sum, node| Some(sum + self.cost(node)?))
            }
            Node::Or(_) | Node::Not(_) => None,
            leaf => Some(self.frequencies.of_leaf(leaf)),
        }
    }

    fn keys(&self, node: &Node, keys: &mut Vec<u32>) -> Option<()> {
        match node {
            Node::And(nodes) => {
                let priced = nodes.iter().filter_map(|node| Some((node, self.cost(node)?)));
                let best = priced.min_by(|(_, left), (_, right)| left.total_cmp(right));
                best.map_or(Some(()), |(node, _)| self.keys(node, keys))
            }
            Node::Or(nodes) => nodes.iter().try_for_each(|node| self.keys(node, keys)),
            Node::Not(_) => Some(()),
            Node::Phrase { label, words, .. } => {
                let priced = label
                    .split(' ')
                    .zip(words)
                    .map(|(label, word)| (*word, self.frequencies.of_word(label, &[*word])));
                let (rarest, _) = priced.min_by(|(_, left), (_, right)| left.total_cmp(right))?;
                keys.push(self.shared.lexicon.any_of(&[rarest])?);
                Some(())
            }
            leaf => {
                keys.push(self.atom(leaf)?);
                Some(())
            }
        }
    }

    /// The atom of a leaf that is one.
    fn atom(&self, leaf: &Node) -> Option<u32> {
        let lexicon = &self.shared.lexicon;
        match leaf {
            Node::Word { any, .. } => lexicon.any_of(any),
            Node::Phrase { words, .. } => lexicon.any_of(words),
            Node::Prefix { label, .. } => lexicon.beginning(label),
            Node::And(_) | Node::Or(_) | Node::Not(_) => None,
        }
    }

    fn write(&mut self, part: &Part<'_>) -> Option<()> {
        let mut program = std::mem::take(&mut self.program);
        let written = match part {
            Part::Words(node) => self.node(node, &mut program),
            Part::Silent(node) => self.joint(Joint::Silent, std::slice::from_ref(*node), &mut program),
            Part::Excluded(node) => self.joint(Joint::Not, std::slice::from_ref(*node), &mut program),
        };
        self.program = program;
        written
    }

    fn joint(&self, joint: Joint, nodes: &[Node], program: &mut Writer) -> Option<()> {
        let mut written = Some(());
        program.joint(joint, |program| {
            written = nodes.iter().try_for_each(|node| self.node(node, program));
        });
        written
    }

    fn node(&self, node: &Node, program: &mut Writer) -> Option<()> {
        match node {
            Node::And(nodes) => self.joint(Joint::And, nodes, program),
            Node::Or(nodes) => self.joint(Joint::Or, nodes, program),
            Node::Not(node) => self.joint(Joint::Not, std::slice::from_ref(&**node), program),
            Node::Phrase { words, fields, .. } if words.len() > 1 => {
                let lexicon = &self.shared.lexicon;
                let atoms: Option<Vec<u32>> = words.iter().map(|word| lexicon.in_a_row(*word)).collect();
                program.phrase(&atoms?, *fields);
                Some(())
            }
            Node::Word { fields, .. } | Node::Prefix { fields, .. } | Node::Phrase { fields, .. } => {
                program.atom(self.atom(node)?, *fields);
                Some(())
            }
        }
    }
}

/// Whether a node is one atom, wherever it stands.
fn is_plain(node: &Node) -> bool {
    match node {
        Node::Word { fields, .. } | Node::Prefix { fields, .. } => *fields == Fields::ALL,
        Node::Phrase { fields, words, .. } => *fields == Fields::ALL && words.len() == 1,
        Node::And(_) | Node::Or(_) | Node::Not(_) => false,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
fn whole(pay: f64) -> Option<u32> {
    (pay.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&pay)).then_some(pay as u32)
}
