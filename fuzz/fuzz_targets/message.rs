//! A message of another service, any bytes: a meaning, or a reason of one line.

#![no_main]

use career_worker::{domain::Queue, queue::message::Message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match Message::parse(Queue::Scrape, "01ABC", data) {
        Ok(Message::Wish(wish)) => assert!(!wish.key.is_empty() && wish.args.is_object()),
        Ok(Message::Pointer(_)) => {}
        Err(reason) => assert!(!reason.is_empty()),
    }
});
