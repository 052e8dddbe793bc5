//! Pages of lists: a bound on how many, and where the next one begins.

use serde::Serialize;
use utoipa::ToSchema;

use crate::admin::problem::Problem;

/// Entries of a page unless told otherwise.
const USUAL: i64 = 50;
/// Most entries of a page.
const MOST: i64 = 500;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// `cursor` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of at most `limit` of the `found`, of which one more was asked for than is shown.
    pub fn cut(mut found: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let shown = usize::try_from(limit).unwrap_or_default();
        let more = found.len() > shown;
        found.truncate(shown);
        let next = if more { found.last().map(cursor) } else { None };
        Self { items: found, next }
    }
}

/// How many entries a page has.
pub(in crate::admin) fn limit(wanted: Option<i64>) -> Result<i64, Problem> {
    let limit = wanted.unwrap_or(USUAL);
    if (1..=MOST).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::Invalid(format!("limit: expected 1 to {MOST}")))
    }
}

/// Reads a cursor that a page has given.
pub(in crate::admin) fn cursor<T: std::str::FromStr>(given: Option<&str>) -> Result<Option<T>, Problem> {
    given
        .map(|text| {
            text.parse().map_err(|_| Problem::Invalid("cursor: expected `next` of a page".to_owned()))
        })
        .transpose()
}
