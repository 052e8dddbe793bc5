//! What the readers and the writer of the index share, over shuttle. See README.md.

/// Stand-ins for what the standard library gives, whose steps shuttle sees.
mod sync {
    use std::sync::OnceLock as Memory;

    pub use shuttle::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

    /// Written once; what `get` may see is what its flag lets it see. Shuttle runs one thread at a time, so that the memory itself needs
    /// no more than the standard library's.
    #[derive(Debug)]
    pub struct OnceLock<T> {
        memory: Memory<T>,
        written: AtomicBool,
    }

    impl<T> OnceLock<T> {
        pub fn new() -> Self {
            Self { memory: Memory::new(), written: AtomicBool::new(false) }
        }

        pub fn get(&self) -> Option<&T> {
            if self.written.load(Ordering::Acquire) { self.memory.get() } else { None }
        }

        pub fn set(&self, value: T) -> Result<(), T> {
            self.memory.set(value)?;
            self.written.store(true, Ordering::Release);
            Ok(())
        }

        pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
            if let Some(known) = self.get() {
                return known;
            }
            let made = self.memory.get_or_init(make);
            self.written.store(true, Ordering::Release);
            made
        }
    }
}

mod append {
    include!(concat!(env!("OUT_DIR"), "/append.rs"));
}

/// As much of the neighbours as the chains name.
mod base {
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Owner(pub u32);
}

mod entry {
    #[derive(Clone, Copy, Debug)]
    pub struct Entry {
        pub slot: u32,
    }

    impl Entry {
        pub fn filed(self, slot: u32, _: u32) -> Self {
            Self { slot }
        }
    }
}

mod program {
    #[derive(Debug)]
    pub struct Program {
        pub words: Vec<u32>,
    }
}

mod delta {
    include!(concat!(env!("OUT_DIR"), "/delta.rs"));
}

pub use append::AppendList;
pub use base::Owner;
pub use delta::{Chains, Delta};
pub use entry::Entry;
