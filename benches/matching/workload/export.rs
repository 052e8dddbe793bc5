//! Typed columns for other engines.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use anyhow::Context as _;

use super::World;

impl World {
    /// Writes `searches.tsv` and `postings.tsv` with the first of both into `folder`; see [`Search::row`](super::search::Search::row) and
    /// [`Posting::row`](super::posting::Posting::row) for the columns.
    ///
    /// # Errors
    /// Names the file that could not be written.
    pub fn export(&self, folder: &Path, searches: usize, postings: usize) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        write(&folder.join("searches.tsv"), (0..searches).map(|id| self.search(id).row()))?;
        write(&folder.join("postings.tsv"), (0..postings).map(|id| self.posting(id).row(self)))
    }
}

fn write(file: &Path, rows: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let name = || file.display().to_string();
    let mut out = BufWriter::new(File::create(file).with_context(name)?);
    for row in rows {
        out.write_all(row.as_bytes()).with_context(name)?;
    }
    out.flush().with_context(name)
}
