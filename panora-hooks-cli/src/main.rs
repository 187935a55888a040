//! The binary `panora-hooks`.

use std::process::ExitCode;

fn main() -> ExitCode {
    panora_hooks_cli::run()
}
