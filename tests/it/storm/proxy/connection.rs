//! One connection through the proxy: two pumps, which look at the mode before each piece.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Mutex,
};

use super::{
    Link, Mode, Protocol,
    wire::{Answered, Asked},
};

const PIECE: usize = 64 << 10;
const SLOW_PIECE: usize = 4 << 10;
const LATE: Duration = Duration::from_millis(120);

pub(super) struct Connection {
    link: Arc<Link>,
    /// The client hears nothing any more.
    deaf: AtomicBool,
    /// The answer that comes next is not passed on.
    swallowing: AtomicBool,
    answered: Mutex<Answered>,
}

impl Connection {
    pub(super) async fn serve(near: TcpStream, link: Arc<Link>) {
        // Held as a queue that nobody reads until the hole closes.
        let mut modes = link.mode.subscribe();
        if modes.wait_for(|mode| *mode != Mode::BlackHole).await.is_err() {
            return;
        }
        let target = *link.target.borrow();
        let (Some(target), false) = (target, link.mode() == Mode::Reset) else {
            let _ = near.set_zero_linger();
            return;
        };
        let Ok(far) = TcpStream::connect(target).await else {
            let _ = near.set_zero_linger();
            return;
        };
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        let connection = Self {
            deaf: AtomicBool::new(link.mode() == Mode::HalfOpen),
            link: Arc::clone(&link),
            swallowing: AtomicBool::new(false),
            answered: Mutex::default(),
        };
        let (mut near_reads, mut near_writes) = near.into_split();
        let (mut far_reads, mut far_writes) = far.into_split();
        let cut = async {
            tokio::select! {
                _ = modes.wait_for(|mode| *mode == Mode::Reset) => {}
                () = gone(&link) => {}
                () = connection.forgotten() => {}
            }
        };
        // Those that say nothing at the time are half open for ever too.
        let marked = async {
            let mut modes = link.mode.subscribe();
            while modes.changed().await.is_ok() {
                connection.deaf();
            }
        };
        let reset = tokio::select! {
            ended = connection.up(&mut near_reads, &mut far_writes) => ended.is_err(),
            ended = connection.down(&mut far_reads, &mut near_writes) => ended.is_err(),
            () = cut => true,
            () = marked => true,
        };
        if reset {
            let _ = near_writes.as_ref().set_zero_linger();
        }
    }

    /// From the client to the server.
    async fn up(&self, near: &mut OwnedReadHalf, far: &mut OwnedWriteHalf) -> io::Result<()> {
        let (mut asked, mut piece) = (Asked::default(), vec![0; PIECE]);
        loop {
            let read = near.read(&mut piece).await;
            // The end of a connection does not get through a hole either: until then the server holds what the client held.
            self.wait().await;
            let read = read?;
            if read == 0 {
                return Ok(());
            }
            let bytes = &piece[..read];
            match self.link.protocol {
                Protocol::Simple => {
                    if !self.deaf() && self.link.disarm() {
                        self.swallowing.store(true, Ordering::SeqCst);
                    }
                    self.pass(bytes, far).await?;
                }
                Protocol::Postgres => {
                    let mut answered = self.answered.lock().await;
                    let step = asked.take(bytes, answered.idle);
                    answered.bare += usize::from(step.bare_answer);
                    drop(answered);
                    if step.write.is_some() && !self.deaf() && self.link.disarm() {
                        self.swallowing.store(true, Ordering::SeqCst);
                    }
                    self.pass(&step.bytes, far).await?;
                }
            }
        }
    }

    /// From the server to the client. An error is a connection that is to be reset.
    async fn down(&self, far: &mut OwnedReadHalf, near: &mut OwnedWriteHalf) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        loop {
            let read = far.read(&mut piece).await?;
            if read == 0 {
                self.wait().await;
                return Ok(());
            }
            let bytes = &piece[..read];
            let ended = match self.link.protocol {
                Protocol::Simple => true,
                Protocol::Postgres => self.answered.lock().await.take(bytes),
            };
            if self.swallowing.load(Ordering::SeqCst) {
                if ended {
                    self.link.swallowed.fetch_add(1, Ordering::SeqCst);
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                continue;
            }
            if self.deaf() {
                continue;
            }
            self.wait().await;
            if !self.deaf() {
                self.pass(bytes, near).await?;
            }
        }
    }

    fn deaf(&self) -> bool {
        if self.link.mode() == Mode::HalfOpen {
            self.deaf.store(true, Ordering::SeqCst);
        }
        self.deaf.load(Ordering::SeqCst)
    }

    async fn forgotten(&self) {
        let mut times = self.link.forgotten.subscribe();
        while times.changed().await.is_ok() {
            if self.deaf() {
                return;
            }
        }
    }

    /// Until something may pass.
    async fn wait(&self) {
        let mut modes = self.link.mode.subscribe();
        let _ = modes.wait_for(|mode| *mode != Mode::BlackHole).await;
    }

    async fn pass(&self, bytes: &[u8], to: &mut OwnedWriteHalf) -> io::Result<()> {
        for part in bytes.chunks(SLOW_PIECE) {
            if self.link.mode() == Mode::Slow {
                tokio::time::sleep(LATE).await;
            }
            to.write_all(part).await?;
        }
        Ok(())
    }
}

/// The server is down: its side of all connections is reset.
async fn gone(link: &Link) {
    let mut targets = link.target.subscribe();
    let _ = targets.wait_for(Option::is_none).await;
}
