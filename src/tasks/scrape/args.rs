//! The arguments of the task `scrape`.

use std::{
    collections::HashSet,
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{Limits, boards_file};
use crate::sources::{self, Board};

/// Which boards of which source to ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScrapeArgs {
    /// Name of the source.
    pub source: String,
    /// The boards: a name, or a table with `board`, `company` and `options`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boards: Vec<BoardSpec>,
    /// Further boards: a CSV file below the folder of the schedules, with the columns board, company, options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boards_file: Option<PathBuf>,
    /// Each board is asked once in this time, at a moment of its own, and a run asks only those whose moment has come. For long lists: let
    /// the schedule run often. Without it every run asks every board.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "humantime_serde::option")]
    #[schemars(with = "Option<String>")]
    pub every: Option<Duration>,
    /// A run begins with no further board after this long; those that are left are asked by the next run. Only with `every`.
    #[serde(default = "slice", with = "humantime_serde")]
    #[schemars(with = "String")]
    pub slice: Duration,
    /// Read and report, write nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Most requests for one board; a listing that needs more is a part.
    #[serde(default = "max_pages")]
    pub max_pages: u32,
    /// Most pages of single postings that one run reads of one board, for sources that have such; the next run reads the next ones.
    #[serde(default = "max_postings")]
    pub max_postings: u32,
    /// The page of a posting is read again after this long, though the listing says nothing new of it.
    #[serde(default = "refresh", with = "humantime_serde")]
    #[schemars(with = "String")]
    pub refresh: Duration,
    /// A posting that a complete listing lacks is gone when another one lacks it too, this much later.
    #[serde(default = "confirm_after", with = "humantime_serde")]
    #[schemars(with = "String")]
    pub confirm_after: Duration,
}

fn slice() -> Duration {
    Duration::from_mins(10)
}

fn max_postings() -> u32 {
    500
}

fn refresh() -> Duration {
    Duration::from_hours(24 * 14)
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
        Limits {
            max_pages: self.max_pages,
            confirm_after: self.confirm_after,
            max_pages_of_postings: self.max_postings,
            refresh_pages: self.refresh,
            dry_run: self.dry_run,
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        sources::find(&self.source).map_err(|error| format!("source: {error}"))?;
        if self.boards.is_empty() && self.boards_file.is_none() {
            return Err("boards: empty, expected at least one board, or boards_file".to_owned());
        }
        if let Some(file) = &self.boards_file {
            boards_file::check_path(file)?;
        }
        if self.max_pages == 0 {
            return Err("max_pages: 0, expected at least 1".to_owned());
        }
        if self.every.is_some_and(|every| every < Duration::from_mins(1)) {
            return Err("every: expected at least a minute".to_owned());
        }
        let boards = self.boards.iter().cloned().map(BoardSpec::into_board);
        self.check_boards("boards", boards)
    }

    fn check_boards(&self, list: &str, boards: impl Iterator<Item = Board>) -> Result<(), String> {
        let source = sources::find(&self.source).map_err(|error| format!("source: {error}"))?;
        let mut names = HashSet::new();
        for (place, board) in boards.enumerate() {
            source.first(&board).map_err(|error| format!("{list}[{place}]: {error}"))?;
            if !names.insert(board.board.clone()) {
                return Err(format!("{list}[{place}]: \"{}\" is listed twice", board.board));
            }
        }
        Ok(())
    }

    /// All boards, those of the file below `dir` included; a board that both name is that of the schedule.
    ///
    /// # Errors
    /// One line that names file, line and what was expected.
    pub fn all_boards(&self, dir: &Path) -> Result<Vec<Board>, String> {
        let mut boards: Vec<Board> = self.boards.iter().cloned().map(BoardSpec::into_board).collect();
        if let Some(file) = &self.boards_file {
            let listed = boards_file::read(dir, file)?;
            self.check_boards("boards_file", listed.iter().cloned())?;
            let named: HashSet<String> = boards.iter().map(|board| board.board.clone()).collect();
            boards.extend(listed.into_iter().filter(|board| !named.contains(&board.board)));
        }
        Ok(boards)
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
    fn a_list_of_boards_may_stand_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lever.csv"), "board,company\nacme,Acme AG\nfjord,\n").unwrap();
        let args = |file: &str| {
            read(json!({ "source": "lever", "boards": ["acme"], "boards_file": file, "every": "1day" }))
                .unwrap()
        };
        assert_eq!(args("lever.csv").check(), Ok(()));
        let boards = args("lever.csv").all_boards(folder.path()).unwrap();
        let names: Vec<_> =
            boards.iter().map(|board| (board.board.as_str(), board.company.as_deref())).collect();
        assert_eq!(names, [("acme", None), ("fjord", None)]);
        assert!(args("other.csv").all_boards(folder.path()).unwrap_err().contains("other.csv"));
        assert!(args("../lever.csv").check().unwrap_err().starts_with("boards_file: "));
        std::fs::write(folder.path().join("twice.csv"), "board\nx\nx\n").unwrap();
        let error = args("twice.csv").all_boards(folder.path()).unwrap_err();
        assert_eq!(error, "boards_file[1]: \"x\" is listed twice");
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
