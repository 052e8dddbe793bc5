//! The description of a recorded exchange, any text: read, or one line that says what is wrong.

#![no_main]

use career_worker::dev::replay::check_exchange;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Err(reason) = check_exchange(&String::from_utf8_lossy(data)) {
        assert!(!reason.is_empty() && !reason.contains('\n'), "{reason:?}");
    }
});
