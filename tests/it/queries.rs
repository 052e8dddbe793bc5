//! The committed descriptions of the queries, by which the program is built without a database, are those of its migrations.

use std::{collections::BTreeMap, ffi::OsString, fs::File, path::Path, process::Command, time::Duration};

use career_worker::clock::Clock;

use crate::support::TestDb;

/// Checks the program against a real database and compares. Takes a compilation, so it runs only when it is asked for.
#[tokio::test]
#[ignore = "compiles the program; cargo test --test it queries:: -- --ignored"]
async fn committed_descriptions_are_fresh() {
    let db = TestDb::new().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fresh = tempfile::tempdir().unwrap();
    // The queries are described as the library is compiled, so it has to look changed.
    let library = File::options().append(true).open(root.join("src/lib.rs")).unwrap();
    library.set_modified((Clock::system().now() + Duration::from_secs(1)).into()).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let check = Command::new(cargo)
        .args(["check", "--lib", "--locked", "--quiet"])
        .current_dir(root)
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", fresh.path())
        .env("DATABASE_URL", &db.url)
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));

    let (committed, fresh) = (descriptions(&root.join(".sqlx")), descriptions(fresh.path()));
    assert!(!fresh.is_empty(), "the check described no query");
    let added: Vec<_> = fresh.keys().filter(|name| !committed.contains_key(*name)).collect();
    let left: Vec<_> = committed.keys().filter(|name| !fresh.contains_key(*name)).collect();
    let changed: Vec<_> = fresh
        .iter()
        .filter(|(name, text)| committed.get(*name).is_some_and(|known| known != *text))
        .map(|(name, _)| name)
        .collect();
    assert!(
        added.is_empty() && left.is_empty() && changed.is_empty(),
        ".sqlx is not what the queries and migrations give (\"Change a query\" in ARCHITECTURE.md)\n\
         missing: {added:?}\nof no query: {left:?}\nchanged: {changed:?}"
    );
}

fn descriptions(folder: &Path) -> BTreeMap<OsString, serde_json::Value> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("query-"))
        .map(|entry| {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            (entry.file_name(), serde_json::from_str(&text).unwrap())
        })
        .collect()
}
