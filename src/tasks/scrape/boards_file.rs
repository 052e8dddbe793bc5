//! A list of boards in a file beside the schedules: CSV with the columns `board` and, where needed, `company` and `options` (a JSON
//! object). The lists of [`sources import`](crate::cli) have this form.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use crate::sources::Board;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    board: String,
    #[serde(default)]
    company: Option<String>,
    #[serde(default)]
    options: Option<String>,
}

/// Reads the boards of `file`, a path below `dir`.
///
/// # Errors
/// One line that names file, line and what was expected.
pub fn read(dir: &Path, file: &Path) -> Result<Vec<Board>, String> {
    check_path(file)?;
    let path = dir.join(file);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    parse(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Refuses paths that lead out of the folder of the schedules: arguments come from outside too.
pub(super) fn check_path(file: &Path) -> Result<(), String> {
    let inside = file.components().all(|part| matches!(part, Component::Normal(_)));
    if inside && file.components().next().is_some() {
        Ok(())
    } else {
        Err(format!("boards_file: \"{}\", expected a path below the folder of the schedules", file.display()))
    }
}

fn parse(text: &str) -> Result<Vec<Board>, String> {
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    if !headers.iter().any(|name| name == "board") {
        return Err("line 1: expected the columns board, company, options".to_owned());
    }
    let mut boards = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let read = record.deserialize(Some(&headers)).map_err(|error| error.to_string()).and_then(board);
        boards.push(read.map_err(|error| format!("line {line}: {error}"))?);
    }
    Ok(boards)
}

fn board(line: Line) -> Result<Board, String> {
    let options = match line.options.as_deref() {
        None | Some("") => serde_json::Map::new(),
        Some(json) => {
            serde_json::from_str(json).map_err(|error| format!("options: expected a JSON object: {error}"))?
        }
    };
    if line.board.is_empty() {
        return Err("board: empty, expected a name".to_owned());
    }
    Ok(Board { board: line.board, company: line.company.filter(|name| !name.is_empty()), options })
}

/// The file that holds `boards`.
///
/// # Errors
/// Where a board cannot be a line.
pub fn write(boards: &[Board]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for board in boards {
        let options = (!board.options.is_empty()).then(|| serde_json::Value::from(board.options.clone()));
        writer.serialize(Line {
            board: board.board.clone(),
            company: board.company.clone(),
            options: options.map(|options| options.to_string()),
        })?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let text = "# ours\nboard,company,options\nnordwind,\"Nordwind, Inc.\",\n\
                    fjord,,\"{\"\"region\"\": \"\"eu\"\"}\"\n";
        let boards = parse(text).unwrap();
        assert_eq!(boards[0].company.as_deref(), Some("Nordwind, Inc."));
        assert_eq!((boards[1].board.as_str(), &boards[1].options["region"]), ("fjord", &"eu".into()));
        assert_eq!(parse(&write(&boards).unwrap()).unwrap(), boards);
        assert_eq!(parse("board\nacme\n").unwrap()[0].board, "acme");
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (text, says) in [
            ("name,slug\nx,y\n", "line 1: expected the columns board, company, options"),
            ("board,company\nacme,A\n,B\n", "line 3: board: empty"),
            ("board,options\nacme,x\n", "line 2: options: expected a JSON object"),
            ("board,compny\nacme,x\n", "unknown field `compny`"),
            ("board,company\nacme\n", "line: 2"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        for path in ["../x.csv", "/etc/passwd", "", "a/../../b", "./../x"] {
            assert!(check_path(Path::new(path)).is_err(), "{path}");
        }
        assert!(check_path(Path::new("boards/greenhouse.csv")).is_ok());
    }
}
