//! The cost of storing events, in multiples of the disk's own speed in the same run.
//!
//! ```text
//! cargo bench -p panora-hooks-benches --bench inbox [-- <part>…]
//! ```
//! The parts are `store`, `lease`, `http` and `postgres` (which needs `PANORA_TEST_POSTGRES`).
//! These parts run only if they are named:
//!
//! - `lanes` compares events in lanes with events outside of them.
//! - `filled` takes 10 GB of disk and a quarter of an hour.
//! - `statements` measures every statement on a large store.
//! - `replay` measures deliveries during a large replay.
//! - `pages` measures the pages of the dashboard on a large store.
//! - `ids` measures a search for 1,000 ids on a large store.
//!
//! The last four fill stores with `PANORA_BENCH_EVENTS` events (by default 4, 3, 2 and 2 million,
//! up to 10 GB). `PANORA_BENCH_DIR` is the folder, and thereby selects the disk that is measured.
//! It defaults to the target folder.

mod inbox {
    pub(crate) mod disk;
    pub(crate) mod filled;
    pub(crate) mod http;
    pub(crate) mod ids;
    pub(crate) mod lanes;
    pub(crate) mod load;
    pub(crate) mod pages;
    pub(crate) mod postgres;
    pub(crate) mod replay;
    pub(crate) mod sqlite;
    pub(crate) mod statements;
}
mod median;

use inbox::{filled, http, ids, lanes, pages, postgres, replay, sqlite, statements};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut parts: Vec<_> = std::env::args().skip(1).filter(|part| !part.starts_with("--")).collect();
    if parts.is_empty() {
        parts = ["store", "lease", "http", "postgres"].map(str::to_owned).to_vec();
    }
    for part in parts {
        match &*part {
            "store" => sqlite::store().await?,
            "lease" => sqlite::lease().await?,
            "http" => http::compare().await?,
            "postgres" => postgres::compare().await?,
            "ids" => ids::compare().await?,
            "lanes" => lanes::compare().await?,
            "filled" => filled::compare().await?,
            "replay" => replay::compare().await?,
            "pages" => pages::compare().await?,
            "statements" => statements::compare().await?,
            part => anyhow::bail!("unknown part `{part}`"),
        }
    }
    Ok(())
}
