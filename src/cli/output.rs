//! What commands print: tables for people, JSON for programs; data on stdout, words on stderr.

use std::io::{self, Write as _};

use chrono::{DateTime, Utc};
use comfy_table::{Cell, CellAlignment, Table, TableComponent, presets};
use serde::Serialize;

/// Where and how a command prints.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// JSON instead of tables.
    pub json: bool,
    /// No words on stderr.
    pub quiet: bool,
}

impl Output {
    /// Prints rows: one JSON object a line, or a table with `columns` as head; numbers are set to the right.
    ///
    /// # Errors
    /// Where stdout is closed.
    pub fn rows<T: Serialize>(
        self,
        columns: &[&str],
        rows: &[T],
        cells: impl Fn(&T) -> Vec<String>,
    ) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            for row in rows {
                serde_json::to_writer(&mut out, row)?;
                writeln!(out)?;
            }
            return Ok(());
        }
        writeln!(out, "{}", table(columns, rows.iter().map(cells)))
    }

    /// Prints one value: JSON, or `text`.
    ///
    /// # Errors
    /// Where stdout is closed.
    pub fn value<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            serde_json::to_writer(&mut out, value)?;
            writeln!(out)
        } else {
            writeln!(out, "{}", text(value))
        }
    }

    /// Prints what was done: JSON for programs, or words for people, who see it on stderr as nothing else is printed.
    ///
    /// # Errors
    /// Where stdout is closed.
    pub fn done<T: Serialize>(self, value: &T, words: impl std::fmt::Display) -> io::Result<()> {
        if self.json {
            return self.value(value, |_| String::new());
        }
        self.say(words);
        Ok(())
    }

    /// Says something to people.
    pub fn say(self, words: impl std::fmt::Display) {
        if !self.quiet {
            let _ = writeln!(io::stderr().lock(), "{words}");
        }
    }
}

/// A time to the minute, or a dash.
pub fn minute(time: Option<DateTime<Utc>>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.format("%F %R").to_string())
}

/// A plain table that fits the terminal.
pub fn table(columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table
        .set_style(TableComponent::HeaderLines, '─')
        .set_style(TableComponent::MiddleHeaderIntersections, '─');
    table.set_header(columns);
    for row in rows {
        table.add_row(row.into_iter().map(|text| {
            let number = !text.is_empty()
                && text.chars().all(|letter| letter.is_ascii_digit() || ".,%".contains(letter));
            Cell::new(text).set_alignment(if number { CellAlignment::Right } else { CellAlignment::Left })
        }));
    }
    table
}
