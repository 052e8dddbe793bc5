//! Which saved searches and profiles a posting fits: reverse search, pure and in memory.
//!
//! # What a user can rely on
//!
//! - **A saved search is a yes-or-no question**: its query and all its filters must hold. An inactive search never matches.
//! - **The query** looks at title, company, location, text and skills. Words side by side must all be there; `OR` between terms, `-` or `NOT`
//!   before one, parentheses, `"exact words in a row"`, `begin*`, and `title:`, `company:`, `location:`, `tech:` before a term. Operators in
//!   lower case count between two terms. There is no wrong query: what is no operator in its place is a word, an unknown field is
//!   a plain word, and a query without words restricts nothing (and is reported).
//! - **Words** are compared without case and accents and in all their forms (`developers`, `Entwicklerin`), in any of nine
//!   languages. There are no stop words: IT, US, R and Go are jobs. C++, C#, F#, .NET, Node.js and Objective-C are words of their own. A lone
//!   `C`, `R` or `Go` means the language and looks at titles and skills. Synonyms count (`js`, `k8s`, `sr`) unless switched off.
//!   Quoted words are exact: no forms, no synonyms. `(m/w/d)` and the like are no words.
//! - **Filters**: see [`filters`](Filters). Unknown keys and unreadable values restrict nothing and are reported, never fatal.
//! - **A profile** has a score from 0 to 1 made of named parts, and matches from a threshold on: see [`CompiledProfile`].
//! - **One hit for each user**, merging all that match. Its score is the profile score where the user has a profile that the posting is not out
//!   for; else that of the best search, 0.7 to 1.0 by how prominently the searched words stand ([`Evidence::score`]).
//!
//! The exact check ([`CompiledSearch::holds`], [`CompiledProfile::score`]) is the definition; [`MatchIndex`] only finds the same faster.
//!
//! No I/O, no database, no clock: today's date comes with the posting, rates with the settings.

mod countries;
mod explain;
mod filters;
mod hit;
mod index;
mod location;
mod posting;
mod profile;
mod query;
mod rates;
mod reasons;
mod search;
mod settings;
mod table;
mod text;
mod values;

pub use explain::{Check, Explanation, explain_profile, explain_search};
pub use filters::{Clause, Filters, Problem, RuleGroup, RuleItem, RuleValue};
pub use hit::Hit;
pub use index::{Finder, FoundSearch, IndexSize, MatchIndex, Owner};
pub use posting::{MatchPosting, PostingFields, Skill};
pub use profile::{CompiledProfile, Exclusion, Part, PartName, ProfileScore, TitleShape};
pub use query::{Fields, Node, Query};
pub use rates::Rates;
pub use reasons::{Reason, Reasons, reasons};
pub use search::{CompiledSearch, Evidence};
pub use settings::MatchSettings;
pub use text::Term;
