//! `sources import`: a list of boards, each checked, becomes the list of a schedule.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use futures::{StreamExt as _, stream};
use serde_json::json;
use url::Url;

use super::{Globals, Outside, known};
use crate::{
    cli::{failure::INTERRUPTED, output::Output},
    sources::{Board, Source},
    tasks::scrape::{Credentials, Fault, Probe, read_boards, write_boards},
};

/// Check a list of boards and make a schedule of those that answer. Goes on where it stopped.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ImportArgs {
    /// CSV with a head line: `slug` (or `board`), `name` (or `company`), `url`; of slug and url one is enough.
    file: PathBuf,
    /// Name of the source; the name of the file where not given.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Each board is to be asked once in this time; by default as often as its list allows at half the source's rate.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    every: Option<Duration>,
    /// Try boards again that did not answer before.
    #[arg(long)]
    retry: bool,
    /// Take all boards unasked.
    #[arg(long)]
    unchecked: bool,
}

/// Where the lists of a source are.
struct Lists {
    /// Boards that answer, below the folder of the schedules.
    accepted: PathBuf,
    /// Boards that do not, with why.
    refused: PathBuf,
}

pub(super) async fn run(globals: &Globals, args: ImportArgs) -> anyhow::Result<ExitCode> {
    let output = globals.output();
    let stem = args.file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let source = known(args.source.as_deref().unwrap_or(&stem))?;
    let outside = Outside::open(globals)?;
    let credentials = outside.credentials(source)?;
    let listed = read_list(source, &args.file)?;
    let jobs = outside.config.jobs.dir.clone();
    let lists = Lists {
        accepted: jobs.join("boards").join(format!("{}.csv", source.name())),
        refused: jobs.join("boards").join(format!("{}.refused.csv", source.name())),
    };
    let known = lists.known(args.retry)?;
    let todo: Vec<Board> = listed.iter().filter(|board| !known.contains(&board.board)).cloned().collect();
    output.say(format!("{} boards listed, {} to check", listed.len(), todo.len()));
    let (accepted, refused, left) = if args.unchecked {
        lists.accept(&todo)?;
        (todo.len(), 0, 0)
    } else {
        check(output, &outside, source, &credentials, todo, &lists).await?
    };
    let boards = read_boards(&jobs, Path::new("boards").join(format!("{}.csv", source.name())).as_path());
    let boards = boards.map_err(anyhow::Error::msg).unwrap_or_default();
    let schedule =
        if boards.is_empty() { None } else { Some(schedule(source, &jobs, boards.len(), args.every)?) };
    let summary = json!({
        "source": source.name(), "listed": listed.len(), "accepted": accepted, "refused": refused, "left": left,
        "boards": boards.len(), "schedule": schedule.as_ref().map(|path| path.display().to_string()),
    });
    output.value(&summary, |_| {
        let place =
            schedule.as_ref().map_or_else(|| "no schedule".to_owned(), |path| path.display().to_string());
        format!(
            "{accepted} accepted, {refused} refused, {left} left for another time; {} boards in {place}",
            boards.len()
        )
    })?;
    if outside.cancelled.is_cancelled() {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks each board and notes the answer at once, so that an interrupted import goes on where it was.
async fn check(
    output: Output,
    outside: &Outside,
    source: &'static dyn Source,
    credentials: &Credentials,
    todo: Vec<Board>,
    lists: &Lists,
) -> anyhow::Result<(usize, usize, usize)> {
    let total = todo.len();
    let prober = outside.prober(credentials);
    let at_once = source.politeness().concurrency.clamp(1, 16) as usize;
    let answers = stream::iter(todo).map(async |board| {
        let answer =
            if outside.cancelled.is_cancelled() { None } else { Some(prober.ask(source, &board, 0).await) };
        (board, answer)
    });
    let mut answers = std::pin::pin!(answers.buffer_unordered(at_once));
    let (mut accepted, mut refused, mut left) = (0, 0, 0);
    while let Some((board, answer)) = answers.next().await {
        match answer.map(|answer| judge(&board, answer)) {
            Some(Verdict::Accepted(board)) => {
                lists.accept(std::slice::from_ref(&board))?;
                accepted += 1;
            }
            Some(Verdict::Refused(reason)) => {
                lists.refuse(&board, &reason)?;
                refused += 1;
            }
            Some(Verdict::Left) | None => left += 1,
        }
        let done = accepted + refused + left;
        if done % 50 == 0 || done == total {
            output.say(format!("{done} of {total}: {accepted} accepted, {refused} refused"));
        }
    }
    Ok((accepted, refused, left))
}

/// What an answer means for the list.
enum Verdict {
    Accepted(Board),
    Refused(String),
    /// The network or the server failed: nothing is known.
    Left,
}

fn judge(board: &Board, answer: Result<Probe, Fault>) -> Verdict {
    match answer {
        Ok(_) => Verdict::Accepted(board.clone()),
        Err(fault) if fault.passing || fault.put_off || fault.kind == "cancelled" => Verdict::Left,
        Err(fault) => Verdict::Refused(fault.to_string()),
    }
}

impl Lists {
    /// Boards that need not be asked.
    fn known(&self, retry: bool) -> anyhow::Result<HashSet<String>> {
        let mut known = HashSet::new();
        let files = [Some(&self.accepted), Some(&self.refused).filter(|_| !retry)];
        for file in files.into_iter().flatten().filter(|file| file.is_file()) {
            let mut reader = csv::Reader::from_path(file).with_context(|| file.display().to_string())?;
            for record in reader.records() {
                let record = record.with_context(|| file.display().to_string())?;
                known.extend(record.get(0).map(str::to_owned));
            }
        }
        if retry && self.refused.is_file() {
            fs::remove_file(&self.refused).with_context(|| self.refused.display().to_string())?;
        }
        Ok(known)
    }

    fn accept(&self, boards: &[Board]) -> anyhow::Result<()> {
        let text = write_boards(boards).context("write a board")?;
        // Without its head line, which stands in the file.
        let lines = text.split_once('\n').map_or("", |(_, lines)| lines);
        append(&self.accepted, "board,company,options\n", lines)
    }

    fn refuse(&self, board: &Board, reason: &str) -> anyhow::Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record([&board.board, reason])?;
        let line = writer.into_inner().context("write a line")?;
        append(&self.refused, "board,reason\n", &String::from_utf8_lossy(&line))
    }
}

fn append(file: &Path, head: &str, lines: &str) -> anyhow::Result<()> {
    let context = || file.display().to_string();
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    let new = !file.exists();
    let mut open = File::options().create(true).append(true).open(file).with_context(context)?;
    let text = if new { format!("{head}{lines}") } else { lines.to_owned() };
    open.write_all(text.as_bytes()).with_context(context)
}

/// The boards of a list; a board named twice counts once.
fn read_list(source: &dyn Source, file: &Path) -> anyhow::Result<Vec<Board>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_path(file)
        .with_context(|| file.display().to_string())?;
    let headers = reader.headers().with_context(|| file.display().to_string())?.clone();
    let column = |names: &[&str]| {
        headers.iter().position(|header| names.contains(&header.trim_start_matches('\u{feff}')))
    };
    let (slug, name, url) =
        (column(&["slug", "board", "token"]), column(&["name", "company"]), column(&["url"]));
    ensure!(
        slug.or(url).is_some(),
        "{}: line 1: expected a column slug (or board) or url, got {}",
        file.display(),
        headers.iter().collect::<Vec<_>>().join(", ")
    );
    let mut boards = Vec::new();
    let mut once = HashSet::new();
    for record in reader.records() {
        let record = record.with_context(|| file.display().to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |column: Option<usize>| {
            column.and_then(|column| record.get(column)).filter(|cell| !cell.is_empty())
        };
        let board = match (cell(slug), cell(url)) {
            (Some(slug), _) => slug.to_owned(),
            (None, Some(url)) => match board_in(source, url) {
                Some(board) => board,
                None => bail!("{}: line {line}: url: expected the address of a board", file.display()),
            },
            (None, None) => bail!("{}: line {line}: expected a slug or a url", file.display()),
        };
        let board = Board { board, company: cell(name).map(str::to_owned), ..Board::default() };
        source.first(&board).with_context(|| format!("{}: line {line}", file.display()))?;
        if once.insert(board.board.clone()) {
            boards.push(board);
        }
    }
    Ok(boards)
}

/// The board that an address belongs to: its first label where each tenant has a host, else the first part of its path.
fn board_in(source: &dyn Source, url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    let tenant = source.hosts().iter().find_map(|pattern| host.strip_suffix(pattern.strip_prefix('*')?));
    match tenant {
        Some(label) if !label.is_empty() => Some(label.to_owned()),
        _ => url.path_segments()?.find(|part| !part.is_empty()).map(str::to_owned),
    }
}

/// The schedule over the list; one that is there stays as a person wrote it.
fn schedule(
    source: &dyn Source,
    jobs: &Path,
    boards: usize,
    every: Option<Duration>,
) -> anyhow::Result<PathBuf> {
    let path = jobs.join(format!("{}-boards.toml", source.name()));
    if path.exists() && every.is_none() {
        return Ok(path);
    }
    let every = humantime::format_duration(every.unwrap_or_else(|| period(source, boards)));
    let (name, title) = (source.name(), source.title());
    let text = format!(
        "# Boards on {title} from a list. Each is asked once in `every`, at a moment of its own; a run asks those whose moment has come, and\n\
         # what it does not get to is asked by the next one.\n\
         task = \"scrape\"\n\
         schedule = \"*/10 * * * *\"\n\
         timeout = \"30m\"\n\
         overlap = \"skip\"\n\
         catch_up = \"none\"\n\
         \n\
         [args]\n\
         source = \"{name}\"\n\
         boards_file = \"boards/{name}.csv\"\n\
         every = \"{every}\"\n\
         slice = \"9m\"\n"
    );
    fs::write(&path, text).with_context(|| path.display().to_string())?;
    Ok(path)
}

/// At least an hour, in whole hours, so that the list takes half of what the source's rate allows.
fn period(source: &dyn Source, boards: usize) -> Duration {
    let per_hour = f64::from(source.politeness().per_second) * 3600.0 / 2.0;
    let boards = f64::from(u32::try_from(boards).unwrap_or(u32::MAX));
    let least = f64::from(source.terms().every_minutes) / 60.0;
    let hours = (boards / per_hour).max(least).ceil().clamp(1.0, 24.0 * 30.0);
    Duration::from_secs_f64(hours * 3600.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    #[test]
    fn a_list_is_read_by_slug_or_address() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lever.csv");
        let lever = sources::find("lever").unwrap();
        let names = |text: &str| {
            fs::write(&file, text).unwrap();
            let boards = read_list(lever, &file).map_err(|error| format!("{error:#}"))?;
            Ok::<_, String>(boards.into_iter().map(|board| (board.board, board.company)).collect::<Vec<_>>())
        };
        let acme = ("acme".to_owned(), Some("Acme, Inc.".to_owned()));
        let twice = "name,slug,url\n\"Acme, Inc.\",acme,https://jobs.lever.co/acme\nAgain,acme,\n";
        assert_eq!(names(twice).unwrap(), [acme]);
        let address = "url\nhttps://jobs.lever.co/fjord?x=1\n";
        assert_eq!(names(address).unwrap(), [("fjord".to_owned(), None)]);
        assert!(
            names("a,b\n1,2\n").unwrap_err().contains("line 1: expected a column slug (or board) or url")
        );
        assert!(names("slug\na/b\n").unwrap_err().contains("line 2: board: expected"));
        assert!(names("slug,url\n,\n").unwrap_err().contains("line 2: expected a slug or a url"));
    }

    #[test]
    fn a_long_list_takes_half_of_the_rate() {
        let lever = sources::find("lever").unwrap();
        assert_eq!(period(lever, 300), Duration::from_hours(1));
        // Two a second are 3,600 an hour at half the rate.
        assert_eq!(period(lever, 10_000), Duration::from_hours(3));
    }

    #[test]
    fn the_lists_keep_what_was_found() {
        let folder = tempfile::tempdir().unwrap();
        let lists = Lists {
            accepted: folder.path().join("boards/x.csv"),
            refused: folder.path().join("boards/x.refused.csv"),
        };
        let board = |name: &str| Board { board: name.to_owned(), ..Board::default() };
        lists.accept(&[board("a")]).unwrap();
        lists.accept(&[board("b")]).unwrap();
        lists.refuse(&board("c"), "gone: status 404, \"nothing\" there").unwrap();
        let read = read_boards(folder.path(), Path::new("boards/x.csv")).unwrap();
        assert_eq!(read, [board("a"), board("b")]);
        assert_eq!(lists.known(false).unwrap().len(), 3);
        assert_eq!(lists.known(true).unwrap().len(), 2);
        assert!(!lists.refused.exists());
    }
}
