//! Measures whether costs grow with the number of stored events.

use std::{fs::File, path::Path};

use panora_hooks::inbox::{Inbox, PostgresInbox, SqliteInbox};
use sqlx::AssertSqlSafe;

use super::{
    disk::{folder, syncs_per_second},
    load::{deliveries, send, storing},
    postgres::{SCHEMA, fresh, pool, remove},
    sqlite::drain,
};
use crate::median::median;

const ROUNDS: usize = 5;

/// Of ten events, eight are done, one is dead, and one is due.
const COUNTS: [u64; 3] = [0, 1_000_000, 10_000_000];

pub(crate) async fn compare() -> anyhow::Result<()> {
    println!(
        "\nWith so many events in the store: 1 KB, 64 senders, as multiples of syncs and of the empty store"
    );
    println!(
        "{:>12} {:>12} {:>10} {:>10} {:>14} {:>10}",
        "store", "events", "stored", "of empty", "run", "of empty"
    );
    let mut empty = None;
    for count in COUNTS {
        let folder = folder()?;
        let path = folder.path().join("inbox.db");
        drop(SqliteInbox::open(&path)?);
        fill_sqlite(&path, count)?;
        let (mut stored, mut run) = (vec![], vec![]);
        let inbox = SqliteInbox::open(&path)?;
        for _ in 0..ROUNDS {
            let syncs = syncs_per_second()?;
            let router = storing(inbox.clone())?;
            stored.push(send(&router, 64, deliveries(100_000, 1024)?).await?.per_second / syncs);
            run.push(drain(&inbox, 10_000).await? / syncs);
        }
        show("SQLite", count, [stored, run].map(median), &mut empty);
    }
    let Some(pool) = pool().await? else { return Ok(()) };
    let mut empty = None;
    for count in COUNTS {
        let inbox: PostgresInbox = fresh(&pool).await?;
        fill_postgres(&pool, count).await?;
        let (mut stored, mut run) = (vec![], vec![]);
        for _ in 0..ROUNDS {
            let syncs = syncs_per_second()?;
            let router = storing(inbox.clone())?;
            stored.push(send(&router, 64, deliveries(80_000, 1024)?).await?.per_second / syncs);
            let ready = usize::try_from(inbox.depth().await?.ready.number())?;
            run.push(drain(&inbox, ready.min(5_000)).await? / syncs);
        }
        show("PostgreSQL", count, [stored, run].map(median), &mut empty);
    }
    remove(&pool).await
}

fn show(store: &str, count: u64, [stored, run]: [f64; 2], empty: &mut Option<[f64; 2]>) {
    let [empty_stored, empty_run] = *empty.get_or_insert([stored, run]);
    println!(
        "{store:>12} {count:>12} {stored:>10.2} {:>10.2} {run:>14.2} {:>10.2}",
        stored / empty_stored,
        run / empty_run
    );
}

/// The type of nearly all events, and that of one event in a hundred thousand.
pub(crate) const COMMON: &str = "crm.contact.created";
pub(crate) const RARE: &str = "crm.deal.created";

/// The numbers of done and of dead events. The others are due.
#[derive(Clone, Copy)]
pub(crate) struct Shares {
    pub(crate) done: u64,
    pub(crate) dead: u64,
}

impl Shares {
    /// Nine tenths are done or dead.
    fn usual(count: u64) -> Self {
        Self { done: count / 10 * 8, dead: count / 10 }
    }
}

/// Fills a file with events, nine tenths of which are done or dead.
pub(crate) fn fill_sqlite(path: &Path, count: u64) -> anyhow::Result<()> {
    fill_sqlite_with(path, count, Shares::usual(count))
}

/// Fills a file with dead events.
pub(crate) fn fill_sqlite_with_dead(path: &Path, count: u64) -> anyhow::Result<()> {
    fill_sqlite_with(path, count, Shares { done: 0, dead: count })
}

/// Fills the tables in the fastest way, creating the indexes at the end. The oldest events are
/// done, and the next ones are dead, of one of 20 errors. One arrived in each second since 1970.
pub(crate) fn fill_sqlite_with(path: &Path, count: u64, shares: Shares) -> anyhow::Result<()> {
    let Shares { done, dead } = shares;
    let dead = done + dead;
    let connection = rusqlite::Connection::open(path)?;
    connection.execute_batch(&format!(
        "PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000; PRAGMA journal_mode=OFF;
         DROP INDEX event_key; DROP INDEX event_by_type; DROP INDEX event_by_id;
         INSERT INTO event(seq, key, id_event, type, received, data)
             WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
             SELECT n, randomblob(48), hex(randomblob(16)), iif(n % 100000 = 99999, '{RARE}', '{COMMON}'),
                    n * 1000000, hex(randomblob(450))
             FROM n WHERE {count} > 0;
         CREATE UNIQUE INDEX event_key ON event(key);
         CREATE INDEX event_by_type ON event(substr(type, 1, 64));
         CREATE INDEX event_by_id ON event(seq >> 10, substr(id_event, -8));
         INSERT INTO done(seq, at, attempts, is_pruned) SELECT seq, seq, 1, 0 FROM event WHERE seq <= {done};
         INSERT INTO dead(seq, at, attempts, is_parked, reason, prefix)
             SELECT seq, seq, 16, 0, 'error ' || char(65 + seq % 20), type FROM event WHERE seq > {done} AND seq <= {dead};
         INSERT INTO due(seq, due, attempts) SELECT seq, seq, 0 FROM event WHERE seq > {dead};
         PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    ))?;
    // Puts the file on the disk and, as far as it fits, into memory, as after a receiver has run
    // for a while.
    File::open(path)?.sync_all()?;
    connection.query_row(
        "SELECT count(*) FROM event INDEXED BY event_key WHERE key > x''",
        [],
        |_| Ok(()),
    )?;
    Ok(())
}

pub(crate) async fn fill_postgres(pool: &sqlx::PgPool, count: u64) -> anyhow::Result<()> {
    fill_postgres_with(pool, count, Shares::usual(count)).await
}

/// Fills the tables as [`fill_sqlite_with`] does.
pub(crate) async fn fill_postgres_with(
    pool: &sqlx::PgPool,
    count: u64,
    shares: Shares,
) -> anyhow::Result<()> {
    let Shares { done, dead } = shares;
    let dead = done + dead;
    let fill = format!(
        "SET search_path = {SCHEMA}; SET synchronous_commit = off;
         DROP INDEX event_key; DROP INDEX event_content;
         INSERT INTO event(key, content, id_event, type, received, data)
             SELECT sha256(n::text::bytea) || substr(sha256((-n)::text::bytea), 1, 16), sha256(n::text::bytea),
                    convert_to(md5(n::text), 'UTF8'), CASE WHEN n % 100000 = 99999 THEN '{RARE}'::bytea ELSE '{COMMON}'::bytea END,
                    n::bigint * 1000000, convert_to(repeat(md5(n::text), 28), 'UTF8')
             FROM generate_series(1, {count}) AS n;
         CREATE UNIQUE INDEX event_key ON event(key);
         CREATE UNIQUE INDEX event_content ON event(content) WHERE content IS NOT NULL;
         INSERT INTO done(seq, at, attempts, is_pruned) SELECT seq, seq, 1, false FROM event WHERE seq <= {done};
         INSERT INTO dead(seq, at, attempts, is_parked, reason)
             SELECT seq, seq, 16, false, convert_to('error ' || chr((65 + seq % 20)::int), 'UTF8') FROM event WHERE seq > {done} AND seq <= {dead};
         INSERT INTO due(seq, due, attempts) SELECT seq, seq, 0 FROM event WHERE seq > {dead};
         ANALYZE event; ANALYZE due; ANALYZE dead; ANALYZE done; CHECKPOINT; RESET search_path; RESET synchronous_commit;"
    );
    sqlx::raw_sql(AssertSqlSafe(fill)).execute(pool).await?;
    Ok(())
}
