//! What a restored database lacks of what its manifest says, or has beside it.

use std::collections::BTreeMap;

use super::{Manifest, Survey};

/// Every difference, one line each; none where the database is what was backed up.
pub fn differences(manifest: &Manifest, found: &Survey) -> Vec<String> {
    let mut all = Vec::new();
    let expected: BTreeMap<_, _> = manifest.tables.iter().map(|table| (&table.name, table)).collect();
    let there: BTreeMap<_, _> = found.tables.iter().map(|table| (&table.name, table)).collect();
    for (name, table) in &expected {
        match there.get(name) {
            None => all.push(format!("table {name} is missing")),
            Some(found) if found.rows != table.rows => {
                all.push(format!("table {name} has {} rows, expected {}", found.rows, table.rows));
            }
            Some(found) if found.hash != table.hash => {
                all.push(format!("table {name} has other rows than were backed up"));
            }
            Some(_) => {}
        }
    }
    all.extend(
        there
            .keys()
            .filter(|name| !expected.contains_key(*name))
            .map(|name| format!("table {name} was not backed up")),
    );
    let there: BTreeMap<_, _> =
        found.sequences.iter().map(|sequence| (&sequence.name, sequence.last)).collect();
    for sequence in &manifest.sequences {
        match there.get(&sequence.name) {
            None => all.push(format!("sequence {} is missing", sequence.name)),
            Some(last) if *last < sequence.last => {
                all.push(format!(
                    "sequence {} is at {last}, expected {} or more",
                    sequence.name, sequence.last
                ));
            }
            Some(_) => {}
        }
    }
    if found.facts.migrations != manifest.migrations {
        all.push(format!(
            "the schema is at migration {}, expected {}",
            head(&found.facts.migrations),
            head(&manifest.migrations)
        ));
    }
    if found.facts.objects != manifest.objects {
        all.push(format!(
            "there are {} indexes, constraints, triggers, functions and views, expected {}",
            found.facts.objects, manifest.objects
        ));
    }
    all
}

fn head(migrations: &[i64]) -> String {
    migrations.last().map_or_else(|| "none".to_owned(), ToString::to_string)
}
