//! Which values of tenants' own employment fields name a type, weighed by how often they stand there.

#![expect(clippy::print_stderr, reason = "figures are what this test is for")]

use std::{collections::BTreeMap, fmt::Write as _};

use career_worker::normalize::job_type;

use super::labelled::{document, shows};

#[test]
fn employment_fields() {
    let Some(counts) = document("greenhouse_metadata_values_counts") else { return };
    let rows = counts["employment"].as_array().cloned().unwrap_or_default();
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut all, mut fourth) = ([0_u64; 2], [0_u64; 2]);
    let mut silent = String::new();
    for (at, row) in rows.iter().enumerate() {
        let value = row[1].as_str().unwrap_or_default();
        let count = row[2].as_u64().unwrap_or_default();
        let read = job_type::from_employment(&[value.to_owned()]);
        *found.entry(read.map_or("none", |read| read.as_str())).or_default() += count;
        for (part, counts) in [(true, &mut all), (at % 4 == 3, &mut fourth)] {
            if part {
                counts[0] += u64::from(read.is_some());
                counts[1] += 1;
            }
        }
        if read.is_none() && shows(at) {
            let _ = writeln!(silent, "  {count} {value}");
        }

        // Saying how long an employment lasts says nothing about hours.
        let lower = value.to_lowercase();
        let only_lasting = ["regular", "permanent", "unlimited contract", "employee", "regular/permanent"];
        assert!(!only_lasting.contains(&lower.as_str()) || read.is_none(), "{value}: {read:?}");
        assert!(!lower.contains("full-time") || read.is_some(), "{value}");
    }
    eprintln!(
        "greenhouse_metadata_values_counts.json, employment: {} of {} values name a type ({} of {} of every fourth); posts {found:?}\n{silent}",
        all[0], all[1], fourth[0], fourth[1]
    );
}
