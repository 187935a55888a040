//! Converts the inputs of all fuzzers between their text files and the folders of `cargo fuzz`.

use std::{env, io, process::ExitCode};

use panora_hooks_fuzzing::{CHECKS, inputs};

fn main() -> io::Result<ExitCode> {
    let convert = match env::args().nth(1).as_deref() {
        Some("pack") => inputs::pack,
        Some("unpack") => inputs::unpack,
        _ => {
            eprintln!("usage: cargo run -p panora-hooks-fuzzing -- pack|unpack");
            return Ok(ExitCode::from(2));
        }
    };
    for (target, _) in CHECKS {
        convert(target)?;
    }
    Ok(ExitCode::SUCCESS)
}
