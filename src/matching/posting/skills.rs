//! The skills of a posting, each once whatever its spelling.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::Skill;
use crate::matching::{
    profile::skill_weight,
    text::{Term, canonical_skill},
};

/// Skills remembered by one thread before it starts anew.
const MEMO_SKILLS: usize = 50_000;

/// The term and the weight of a skill.
pub(in crate::matching) type WeighedSkill = Option<(Term, f32)>;

thread_local! {
    static MEMO: RefCell<FxHashMap<Box<str>, WeighedSkill>> = RefCell::default();
}

/// One term for all spellings of a skill, and its weight; `None` for text without a word.
pub(in crate::matching) fn weighed_skill(name: &str) -> WeighedSkill {
    MEMO.with_borrow_mut(|memo| {
        if let Some(known) = memo.get(name) {
            return *known;
        }
        if memo.len() >= MEMO_SKILLS {
            memo.clear();
        }
        let skill = canonical_skill(name).map(|(term, canonical)| (term, skill_weight(&canonical)));
        memo.insert(name.into(), skill);
        skill
    })
}

/// Reads `jobs.tech_stack`.
pub(super) fn skills_of(tech_stack: &[String]) -> Vec<Skill> {
    let mut skills: Vec<Skill> = Vec::with_capacity(tech_stack.len());
    for name in tech_stack {
        if let Some((term, weight)) = weighed_skill(name)
            && !skills.iter().any(|skill| skill.term == term)
        {
            skills.push(Skill { term, name: name.as_str().into(), weight });
        }
    }
    skills
}
