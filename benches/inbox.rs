//! The cost of storing, as multiples of what the disk itself does in the same run.
//!
//! ```text
//! cargo bench -p panora-hooks-benches --bench inbox [-- <part> ..]
//! ```
//!
//! The parts are `store`, `lease`, `http` and `postgres` (which needs `PANORA_TEST_POSTGRES`). Only
//! run by name are `filled`, which takes 10 GB of disk and a quarter of an hour, `statements`,
//! which measures every statement on a large store, and `replay`, which measures deliveries beside
//! a large replay. The latter two fill stores with `PANORA_BENCH_EVENTS` events (4 and 3 million,
//! 10 GB). The folder is `PANORA_BENCH_DIR`, by default the target folder: the disk that it is on
//! is what is measured.

mod inbox {
    pub(crate) mod disk;
    pub(crate) mod filled;
    pub(crate) mod http;
    pub(crate) mod load;
    pub(crate) mod postgres;
    pub(crate) mod replay;
    pub(crate) mod sqlite;
    pub(crate) mod statements;
}
mod median;

use inbox::{filled, http, postgres, replay, sqlite, statements};

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
            "filled" => filled::compare().await?,
            "replay" => replay::compare().await?,
            "statements" => statements::compare().await?,
            part => anyhow::bail!("unknown part `{part}`"),
        }
    }
    Ok(())
}
