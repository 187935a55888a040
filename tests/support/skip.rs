//! Tests that need what not every machine has.

use std::{
    env,
    io::{self, Write},
};

/// Says that a test is skipped, and why. Where everything should be there, as in `.ci/run`,
/// `PANORA_TEST_STRICT` is set and makes that a failure.
#[track_caller]
pub fn skip(why: &str) {
    assert!(env::var_os("PANORA_TEST_STRICT").is_none(), "this test may not be skipped here: {why}");
    // Past the test harness, which shows nothing of tests that pass.
    let _ = writeln!(io::stderr(), "skipped: {why}");
}
