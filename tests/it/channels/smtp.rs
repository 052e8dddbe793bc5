//! A mail server on loopback that speaks ESMTP (RFC 5321) over real sockets, and goes wrong where the address of the reader says so.
//!
//! It keeps what it accepted: a message counts from the moment at which a server answers for it, the end of its text, whether its answer
//! arrives or not.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// A message that was accepted.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub from: String,
    pub to: String,
    /// As it came, without the dots of transparency.
    pub data: String,
}

impl Accepted {
    /// A header with its folded lines joined.
    pub fn header(&self, name: &str) -> String {
        let head = self.data.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
        let lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.to_owned());
        assert!(found.next().is_none(), "{name} stands there twice");
        value.unwrap_or_default()
    }

    /// The id of the digest that it is.
    pub fn digest(&self) -> String {
        let id = self.header("Message-ID");
        id.trim_start_matches('<').split('@').next().unwrap().to_owned()
    }
}

/// What it was asked and what it took.
#[derive(Debug, Default)]
pub struct Log {
    pub accepted: Vec<Accepted>,
    pub sessions: usize,
    /// Readers that were named, accepted or not.
    pub named: Vec<String>,
}

#[derive(Clone)]
pub struct Smtp {
    pub port: u16,
    log: Arc<Mutex<Log>>,
    /// How long it thinks before it answers for a text.
    thinks: std::time::Duration,
}

impl Smtp {
    pub async fn start() -> Self {
        Self::thinking(std::time::Duration::ZERO).await
    }

    pub async fn thinking(thinks: std::time::Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let smtp = Self { port: listener.local_addr().unwrap().port(), log: Arc::default(), thinks };
        let server = smtp.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                // A peer that is killed is no fault of the server's.
                tokio::spawn(async move { server.serve(stream).await.unwrap_or_default() });
            }
        });
        smtp
    }

    pub fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    pub fn accepted(&self) -> Vec<Accepted> {
        self.log().accepted.clone()
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        self.log().sessions += 1;
        let (read, mut write) = stream.into_split();
        let mut read = BufReader::new(read);
        let (mut from, mut to) = (String::new(), String::new());
        write.write_all(b"220 mail.test ESMTP\r\n").await?;
        loop {
            let mut line = String::new();
            if read.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            assert!(line.ends_with("\r\n"), "a line ends with CR LF: {line:?}");
            let line = line.trim_end();
            let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let path = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            let answer = match word.as_str() {
                "EHLO" => "250-mail.test\r\n250-8BITMIME\r\n250 SIZE 1000000",
                "MAIL" => {
                    from = path;
                    "250 2.1.0 ok"
                }
                "RCPT" => {
                    self.log().named.push(path.clone());
                    to = path;
                    match reader(&to) {
                        "rcpt450" => "450 4.2.0 come back later",
                        "rcpt550" => "550 5.1.1 no such reader",
                        "rcpt554" => "554 5.7.1 we do not like you",
                        "rcpt421" => "421 4.3.2 closing",
                        _ => "250 2.1.5 ok",
                    }
                }
                "DATA" if reader(&to) == "data451" => "451 4.3.0 no room",
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await?;
                    if reader(&to) == "cut-text" {
                        return Ok(());
                    }
                    let data = text(&mut read).await?;
                    if reader(&to) != "end452" && reader(&to) != "end554" {
                        let accepted = Accepted { from: from.clone(), to: to.clone(), data };
                        self.log().accepted.push(accepted);
                    }
                    tokio::time::sleep(self.thinks).await;
                    match reader(&to) {
                        "end452" => "452 4.3.1 disk is full",
                        "end554" => "554 5.6.0 we do not take this text",
                        "cut-end" => return Ok(()),
                        "swallow" => return std::future::pending().await,
                        _ => "250 2.0.0 queued",
                    }
                }
                "RSET" | "NOOP" => "250 2.0.0 ok",
                "QUIT" => {
                    write.write_all(b"221 2.0.0 bye\r\n").await?;
                    return Ok(());
                }
                _ => "500 5.5.2 what?",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
            if answer.starts_with("421") {
                return Ok(());
            }
        }
    }
}

fn reader(address: &str) -> &str {
    address.split(['@', '+']).next().unwrap_or_default()
}

async fn text(read: &mut BufReader<tokio::net::tcp::OwnedReadHalf>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if read.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
