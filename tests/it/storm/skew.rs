//! Clocks that are wrong: libfaketime before the program, with an offset that can be changed while it runs.
//!
//! Only the wall clock is moved; time that passes stays true, as on a machine whose clock is set. Where the library is missing the storm
//! goes on with true clocks, and says so.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

const LIBRARY: &str = "libfaketimeMT.so.1";

/// The library, where there is one that works.
#[derive(Clone)]
pub struct Skew(Option<PathBuf>);

impl Skew {
    pub fn find() -> Self {
        let mut folders = vec![PathBuf::from("/usr/lib/faketime"), PathBuf::from("/usr/local/lib/faketime")];
        let lib = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
        folders.extend(lib.map(|entry| entry.path().join("faketime")));
        let found = folders.into_iter().map(|folder| folder.join(LIBRARY)).find(|library| library.exists());
        Self(found.filter(|library| works(library)))
    }

    /// For the report.
    pub fn describe(&self) -> &'static str {
        if self.0.is_some() {
            "libfaketime"
        } else {
            "not available (libfaketime is in Debian's package faketime)"
        }
    }

    /// The environment of a process whose offset is in `file`.
    pub fn environment(&self, file: &Path) -> Vec<(String, String)> {
        let Some(library) = &self.0 else { return Vec::new() };
        [
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .to_vec()
    }
}

/// Removes what the library of a process that was killed leaves in memory, which would be in the way of the next with its number.
pub fn clear(process: u32) {
    for name in ["faketime_shm_", "sem.faketime_sem_"] {
        let _ = std::fs::remove_file(format!("/dev/shm/{name}{process}"));
    }
}

/// Sets the offset, in seconds, that a process reads from `file`.
pub fn set(file: &Path, seconds: i64) {
    let new = file.with_extension("new");
    std::fs::write(&new, format!("{seconds:+}\n")).unwrap();
    std::fs::rename(new, file).unwrap();
}

fn works(library: &Path) -> bool {
    let year = Command::new("date").arg("+%Y").env("LD_PRELOAD", library).env("FAKETIME", "-30y").output();
    let truth = Command::new("date").arg("+%Y").output();
    let number = |output: std::io::Result<std::process::Output>| {
        String::from_utf8(output.ok()?.stdout).ok()?.trim().parse::<i32>().ok()
    };
    number(year).zip(number(truth)).is_some_and(|(year, truth)| (29..=31).contains(&(truth - year)))
}
