//! The arguments of the task `scrape`.

use std::{collections::HashSet, fmt, time::Duration};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::Limits;
use crate::sources::{self, Board};

/// Which boards of which source to ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScrapeArgs {
    /// Name of the source.
    pub source: String,
    /// The boards: a name, or a table with `board`, `company` and `options`.
    pub boards: Vec<BoardSpec>,
    /// Read and report, write nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Most requests for one board; a listing that needs more is a part.
    #[serde(default = "max_pages")]
    pub max_pages: u32,
    /// A posting that a complete listing lacks is gone when another one lacks it too, this much later.
    #[serde(default = "confirm_after", with = "humantime_serde")]
    #[schemars(with = "String")]
    pub confirm_after: Duration,
}

fn max_pages() -> u32 {
    200
}

fn confirm_after() -> Duration {
    Duration::from_hours(6)
}

/// A board, short or in full.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum BoardSpec {
    /// Its name.
    Name(String),
    /// Its name with company and options.
    Table(Board),
}

impl BoardSpec {
    /// The board in full.
    pub fn into_board(self) -> Board {
        match self {
            Self::Name(board) => Board { board, ..Board::default() },
            Self::Table(board) => board,
        }
    }
}

impl<'de> Deserialize<'de> for BoardSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpecVisitor)
    }
}

/// An untagged enum would only say that nothing fits; this names the wrong key.
struct SpecVisitor;

impl<'de> Visitor<'de> for SpecVisitor {
    type Value = BoardSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a board, or a table with the key \"board\"")
    }

    fn visit_str<E>(self, name: &str) -> Result<BoardSpec, E> {
        Ok(BoardSpec::Name(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<BoardSpec, A::Error> {
        Board::deserialize(MapAccessDeserializer::new(map)).map(BoardSpec::Table)
    }
}

impl ScrapeArgs {
    pub(super) fn limits(&self) -> Limits {
        Limits { max_pages: self.max_pages, confirm_after: self.confirm_after, dry_run: self.dry_run }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let source = sources::find(&self.source).map_err(|error| format!("source: {error}"))?;
        if self.boards.is_empty() {
            return Err("boards: empty, expected at least one board".to_owned());
        }
        if self.max_pages == 0 {
            return Err("max_pages: 0, expected at least 1".to_owned());
        }
        let mut names = HashSet::new();
        for (place, spec) in self.boards.iter().enumerate() {
            let board = spec.clone().into_board();
            source.first(&board).map_err(|error| format!("boards[{place}]: {error}"))?;
            if !names.insert(board.board.clone()) {
                return Err(format!("boards[{place}]: \"{}\" is listed twice", board.board));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{BoardSpec, ScrapeArgs};

    fn read(args: serde_json::Value) -> Result<ScrapeArgs, String> {
        serde_json::from_value(args).map_err(|error| error.to_string())
    }

    #[test]
    fn a_board_is_a_name_or_a_table() {
        let args = read(json!({
            "source": "lever",
            "boards": ["nordwind", { "board": "acme", "company": "Acme", "options": { "region": "eu" } }],
        }))
        .unwrap();
        assert_eq!(args.boards[0], BoardSpec::Name("nordwind".to_owned()));
        let board = args.boards[1].clone().into_board();
        assert_eq!((board.board.as_str(), board.company.as_deref()), ("acme", Some("Acme")));
        assert_eq!(args.confirm_after.as_secs(), 6 * 3600);
    }

    #[test]
    fn a_wrong_key_is_named() {
        let error = read(json!({ "source": "lever", "boards": [{ "board": "acme", "compny": "Acme" }] }))
            .unwrap_err();
        assert!(error.contains("unknown field `compny`"), "{error}");
        let error = read(json!({ "source": "lever", "boards": ["acme"], "dryrun": true })).unwrap_err();
        assert!(error.contains("unknown field `dryrun`"), "{error}");
    }

    #[test]
    fn arguments_survive_a_round_trip() {
        let args =
            read(json!({ "source": "lever", "boards": ["a", { "board": "b" }], "confirm_after": "90m" }))
                .unwrap();
        assert_eq!(read(serde_json::to_value(&args).unwrap()).unwrap(), args);
    }
}
