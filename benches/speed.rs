//! The cost of a delivery, as a multiple of its minimum or of other implementations, in the same
//! run.
//!
//! ```text
//! cargo bench -p panora-hooks-benches --bench speed [-- <part>…]
//! ```
//!
//! The parts are `verify`, `decode`, `router`, `express` (which needs Node and npm), `build` and
//! `check`.

mod median;
mod speed {
    pub(crate) mod bodies;
    pub(crate) mod build;
    pub(crate) mod decode;
    pub(crate) mod http;
    pub(crate) mod peers {
        pub(crate) mod by_hand;
    }
    pub(crate) mod ratio;
    pub(crate) mod table;
    pub(crate) mod verify;
}

use speed::{build, decode, http, verify};

fn main() -> anyhow::Result<()> {
    if let Ok(receiver) = std::env::var(http::RECEIVER) {
        let runtime = tokio::runtime::Runtime::new()?;
        return runtime.block_on(http::serve(&receiver));
    }
    let mut parts: Vec<_> = std::env::args().skip(1).filter(|part| !part.starts_with("--")).collect();
    if parts.is_empty() {
        parts = ["verify", "decode", "build", "check", "router", "express"].map(str::to_owned).to_vec();
    }
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut rows = Vec::new();
    for part in parts {
        rows.extend(match &*part {
            "verify" => verify::compare()?,
            "decode" => decode::compare()?,
            "router" => client.block_on(http::against_by_hand())?,
            "build" => build::from_nothing()?,
            "check" => build::two_hundred()?,
            "express" => client.block_on(http::against_express())?,
            part => anyhow::bail!("unknown part `{part}`"),
        });
    }
    for row in rows {
        println!("{row}");
    }
    Ok(())
}
