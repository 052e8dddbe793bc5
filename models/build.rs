//! Takes the source under test as it is, but for its imports and its sizes.

use std::{env, fs, path::Path};

/// File, and what is put in the place of what.
const CHANGES: [(&str, &[(&str, &str)]); 2] = [
    (
        "append.rs",
        &[
            (
                "use std::sync::{\n    OnceLock,\n    atomic::{AtomicU32, Ordering},\n};",
                "use crate::sync::{AtomicU32, OnceLock, Ordering};",
            ),
            ("const FIRST: u32 = 256;", "const FIRST: u32 = 1;"),
            ("[OnceLock<Box<[OnceLock<T>]>>; 24]", "[OnceLock<Box<[OnceLock<T>]>>; 3]"),
            ("[const { OnceLock::new() }; 24]", "std::array::from_fn(|_| OnceLock::new())"),
        ],
    ),
    (
        "delta.rs",
        &[
            (
                "    sync::{\n        Arc,\n        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},\n    },\n",
                "    sync::Arc,\n",
            ),
            (
                "use super::{append",
                "use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Ordering};\n\nuse super::{append",
            ),
            ("const BITS: u32 = 18;", "const BITS: u32 = 1;"),
            ("areas: Bits::new(12)", "areas: Bits::new(6)"),
            ("atoms: Bits::new(16)", "atoms: Bits::new(6)"),
            ("places: Bits::new(21)", "places: Bits::new(6)"),
        ],
    ),
];

fn main() {
    let source = Path::new("../src/matching/index");
    let out = env::var("OUT_DIR").expect("cargo gives it");
    for (file, changes) in CHANGES {
        let path = source.join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        let mut text = fs::read_to_string(&path).expect("the source under test");
        for (from, to) in changes {
            assert!(text.contains(from), "{file} has changed: {from:?} is no longer in it");
            text = text.replace(from, to);
        }
        // Unit tests belong to the real types, and inner documentation to a file.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let text: String =
            text.lines().filter(|line| !line.starts_with("//!")).map(|line| format!("{line}\n")).collect();
        fs::write(Path::new(&out).join(file), text).expect("the copy");
    }
}
