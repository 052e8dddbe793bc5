//! Lucene's monitor, in a Java process of its own.

use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use super::{Round, compare, ours};
use crate::{
    engine::Engine,
    report::line,
    workload::{PostingText, World},
};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/matching/lucene/run");

/// Gives the program typed columns and reads what it measured.
///
/// # Errors
/// Where it fails: its complaints stand on standard error.
pub fn measure(
    world: &World,
    engine: &Engine,
    searches: usize,
    rounds: &[Vec<PostingText>],
) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let size = rounds[0].len();
    world.export(folder.path(), searches, size * rounds.len())?;
    let output = Command::new(PROGRAM)
        .arg(folder.path())
        .arg(size.to_string())
        .stderr(Stdio::inherit())
        .output()
        .context(PROGRAM)?;
    ensure!(output.status.success(), "{PROGRAM}: {}", output.status);
    let mut theirs = Vec::new();
    for said in String::from_utf8(output.stdout)?.lines() {
        match said.split('\t').collect::<Vec<_>>()[..] {
            ["built", seconds, bytes] => {
                line("Lucene: build", format!("{seconds} s of a processor, {bytes} B of heap a search"));
            }
            ["round", seconds, pairs] => theirs.push(Round { busy: seconds.parse()?, pairs: pairs.parse()? }),
            _ => anyhow::bail!("{PROGRAM} said {said:?}"),
        }
    }
    let ours: Vec<Round> = rounds.iter().map(|postings| ours(engine, postings)).collect();
    compare("Lucene monitor", size, &ours, &theirs);
    Ok(())
}
