//! As much of PostgreSQL's protocol as it takes to see that a client asks for a write to be made lasting, and that this was answered.
//!
//! It reads only what passes by and changes nothing. Whatever it does not know passes unseen, so nothing is added for a new kind of message
//! unless that can carry a write.

use std::collections::HashMap;

/// An SSL or GSS request, whose answer is a single byte without a frame.
const REQUESTS: [u32; 2] = [80_877_103, 80_877_104];

/// What the client sends: cut into whole messages, with the statements it has prepared.
#[derive(Default)]
pub struct Asked {
    buffer: Vec<u8>,
    begun: bool,
    writes: HashMap<Vec<u8>, bool>,
    pending: Option<Write>,
}

/// A write that lasts as soon as the server has done it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// The end of a transaction.
    Commit,
    /// A statement outside of any transaction.
    Single,
}

/// Whole messages, and what they ask for.
#[derive(Default)]
pub struct Step {
    pub bytes: Vec<u8>,
    pub write: Option<Write>,
    /// The server answers with one byte without a frame.
    pub bare_answer: bool,
}

impl Asked {
    /// Takes bytes from the client and gives those that make whole messages. `idle` says that no transaction is open.
    pub fn take(&mut self, bytes: &[u8], idle: bool) -> Step {
        self.buffer.extend_from_slice(bytes);
        let mut step = Step::default();
        loop {
            let start = usize::from(self.begun);
            let Some(length) = number(&self.buffer, start) else { return step };
            let end = start + length as usize;
            if self.buffer.len() < end {
                return step;
            }
            let rest = self.buffer.split_off(end);
            let message = std::mem::replace(&mut self.buffer, rest);
            if self.begun {
                let write = self.read(message[0], &message[5..], idle);
                step.write = step.write.or(write);
            } else {
                step.bare_answer = number(&message, 4).is_some_and(|code| REQUESTS.contains(&code));
                self.begun = !step.bare_answer;
            }
            step.bytes.extend(message);
        }
    }

    fn read(&mut self, kind: u8, body: &[u8], idle: bool) -> Option<Write> {
        match kind {
            b'Q' => lasting(body, idle),
            b'P' => {
                let (name, sql) = split(body)?;
                self.writes.insert(name.to_vec(), lasting(sql, true) == Some(Write::Single));
                None
            }
            b'B' => {
                let (_, rest) = split(body)?;
                let (statement, _) = split(rest)?;
                let write = idle && self.writes.get(statement).copied().unwrap_or_default();
                self.pending = write.then_some(Write::Single);
                None
            }
            b'E' => self.pending.take(),
            _ => None,
        }
    }
}

/// What the server answers.
#[derive(Default)]
pub struct Answered {
    buffer: Vec<u8>,
    /// This many bytes come without a frame.
    pub bare: usize,
    /// Outside of a transaction, as the last answer said.
    pub idle: bool,
}

impl Answered {
    /// Takes bytes from the server; true where an answer has come to its end.
    pub fn take(&mut self, bytes: &[u8]) -> bool {
        self.buffer.extend_from_slice(bytes);
        let bare = self.bare.min(self.buffer.len());
        self.buffer.drain(..bare);
        self.bare -= bare;
        let mut ended = false;
        while let Some(length) = number(&self.buffer, 1) {
            let end = 1 + length as usize;
            if self.buffer.len() < end {
                break;
            }
            if self.buffer[0] == b'Z' {
                (ended, self.idle) = (true, self.buffer[5] == b'I');
            }
            self.buffer.drain(..end);
        }
        ended
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// A string up to its NUL, and what follows.
fn split(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = body.iter().position(|byte| *byte == 0)?;
    Some((&body[..end], &body[end + 1..]))
}

fn lasting(sql: &[u8], idle: bool) -> Option<Write> {
    let text = String::from_utf8_lossy(sql).to_uppercase();
    let writes = ["INSERT INTO", "DELETE FROM", "UPDATE WORKER.", "UPDATE PUBLIC.", "WORKER.ENQUEUE("];
    if text.trim_start().starts_with("COMMIT") {
        Some(Write::Commit)
    } else {
        (idle && writes.iter().any(|word| text.contains(word))).then_some(Write::Single)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [&[kind][..], &length.to_be_bytes(), body].concat()
    }

    fn begun() -> Asked {
        Asked { begun: true, ..Asked::default() }
    }

    #[test]
    fn a_commit_is_seen_in_pieces_too() {
        let (mut asked, commit) = (begun(), message(b'Q', b"COMMIT\0"));
        let first = asked.take(&commit[..7], false);
        assert!(first.bytes.is_empty() && first.write.is_none());
        let step = asked.take(&commit[7..], false);
        assert_eq!((step.bytes, step.write), (commit, Some(Write::Commit)));
    }

    #[test]
    fn a_prepared_write_counts_outside_of_a_transaction_only() {
        let mut asked = begun();
        asked.take(&message(b'P', b"s1\0INSERT INTO t VALUES ($1)\0\0\0"), true);
        let run = [message(b'B', b"\0s1\0\0\0\0\0\0\0"), message(b'E', b"\0\0\0\0\0")].concat();
        assert_eq!(asked.take(&run, true).write, Some(Write::Single));
        assert_eq!(asked.take(&run, false).write, None);
    }

    #[test]
    fn the_start_has_no_kind() {
        let mut asked = Asked::default();
        let ssl = [8_u32.to_be_bytes(), REQUESTS[0].to_be_bytes()].concat();
        assert!(asked.take(&ssl, false).bare_answer);
        let startup = [13_u32.to_be_bytes(), 196_608_u32.to_be_bytes()].concat();
        assert!(asked.take(&startup, false).bytes.is_empty());
        assert_eq!(asked.take(b"user\0", false).bytes.len(), 13);
        assert!(asked.begun);
    }

    #[test]
    fn an_answer_ends_with_the_state_of_the_transaction() {
        let mut answered = Answered { bare: 1, ..Answered::default() };
        assert!(!answered.take(b"N"));
        let ready = message(b'Z', b"I");
        assert!(!answered.take(&ready[..3]));
        assert!(answered.take(&ready[3..]) && answered.idle);
        assert!(answered.take(&[message(b'C', b"BEGIN\0"), message(b'Z', b"T")].concat()) && !answered.idle);
    }
}
