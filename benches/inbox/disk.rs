//! The speed of the disk itself.

use std::{
    env,
    fs::File,
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The duration of one measurement of the disk.
const PROBE: Duration = Duration::from_millis(200);

/// Creates an empty folder on the disk that is measured.
pub(crate) fn folder() -> anyhow::Result<TempDir> {
    let parent = env::var_os("PANORA_BENCH_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")), PathBuf::from);
    Ok(TempDir::new_in(parent)?)
}

/// Returns how many times per second 1 KB can be appended to a file and flushed to disk.
pub(crate) fn syncs_per_second() -> anyhow::Result<f64> {
    let folder = folder()?;
    let mut file = File::create(folder.path().join("raw"))?;
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed() < PROBE {
        file.write_all(&[0x5A; 1024])?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}
