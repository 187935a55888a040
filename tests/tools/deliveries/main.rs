//! What the command line is made of, through its API. How it looks is tested beside the binary.

mod listen;
mod recording;
mod redact;
mod send;
mod template;

use panora_hooks::Verifier;

fn verifier() -> Verifier {
    Verifier::new("f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de").unwrap()
}
