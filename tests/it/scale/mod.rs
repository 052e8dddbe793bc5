//! More than one of everything: a pooler before PostgreSQL, a replica behind it, Redis with sentinels and as a cluster.
//!
//! Each is the real server, started here on loopback. A drill ([`drill`]) is a storm in small: replicas of the program at work while
//! something is killed, and then the checks of the storms, which find whatever was lost or doubled. `CAREER_PGBOUNCER` names a `PgBouncer`
//! of 1.21 or newer, `CAREER_VALKEY` a Valkey; without them what needs them says that it was not checked. To add a topology: a file here.

mod bouncer;
mod cluster;
mod drill;
mod pooler;
mod redises;
mod replica;
mod sentinel;
mod settings;
