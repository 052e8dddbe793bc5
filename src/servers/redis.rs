//! The private Redis (or Valkey).

use anyhow::{Context as _, bail};

use super::{
    account::{create_dir, write_private},
    binaries::{self, Search},
    guard::{Guard, StopSignals},
    place::{Afterwards, Place, free_port, password, wait_until_ready},
};

const STOP: StopSignals = StopSignals { first: "TERM", harder: "KILL" };

/// Starts the server on its data and gives its address. The password is a new one each time.
pub(crate) async fn start(
    place: &Place<'_>,
    search: Search,
    afterwards: Afterwards,
) -> anyhow::Result<(Guard, String)> {
    let program = binaries::redis(search, place.cache).await?;
    let folder = place.data.join("redis");
    if !folder.exists() {
        create_dir(&folder)?;
        place.account.own(&folder)?;
    }
    let settings = place.data.join("redis.conf");
    let secret = password();
    for _ in 0..5 {
        let port = free_port()?;
        let folder = folder.to_str().context("the data folder's name is not UTF-8")?;
        write_private(&settings, &text(port, &secret, folder, place.durable))?;
        place.account.own(&settings)?;
        let mut server = program.command();
        server.arg(&settings);
        let mut guard = place.spawn(&server, STOP, "redis.log", afterwards)?;
        let url = format!("redis://:{secret}@127.0.0.1:{port}");
        let client = redis::Client::open(url.as_str())?;
        let ready = wait_until_ready(&mut guard, "Redis", || async {
            let mut connection = client.get_multiplexed_async_connection().await?;
            let pong: String = redis::cmd("PING").query_async(&mut connection).await?;
            anyhow::ensure!(pong == "PONG", "redis said {pong}");
            Ok(())
        });
        if ready.await?.is_some() {
            return Ok((guard, url));
        }
    }
    bail!("Redis found no free port on 127.0.0.1")
}

fn text(port: u16, secret: &str, folder: &str, durable: bool) -> String {
    let folder = folder.replace('\\', "\\\\").replace('"', "\\\"");
    let appendonly = if durable { "yes" } else { "no" };
    format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {secret}\ndir \"{folder}\"\ndaemonize no\nsave \"\"\n\
         appendonly {appendonly}\nappendfsync everysec\nmaxmemory-policy noeviction\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_quotation_marks_stays_one_word() {
        let text = text(1, "s", r#"/a "b"\c"#, true);
        assert!(text.contains("dir \"/a \\\"b\\\"\\\\c\"\n"), "{text}");
        assert!(text.contains("appendonly yes\n"));
    }
}
