//! Counts the instructions of a few hot paths, which are the same on any x86-64 machine, and
//! compares them with earlier counts.
//!
//! ```text
//! cargo bench -p panora-hooks-benches --bench instructions [-- update]
//! ```
//!
//! Needs valgrind, which counts. Fails if a path takes over 3 % more than `instructions.txt`
//! allows, or if the time to compare signatures depends on their content. `update` writes the file
//! again.

mod speed {
    pub(crate) mod bodies;
}

use std::{
    collections::BTreeMap,
    env, fs,
    hint::black_box,
    process::{Command, Stdio},
};

use anyhow::{Context, bail, ensure};
use axum::{body::Body, extract::Request};
use hmac::{Hmac, KeyInit, Mac};
use panora_hooks::{Event, Verifier, Webhooks, hooks, on, testing::sample};
use sha2::Sha256;
use speed::bodies::{Delivery, SECRET};
use tower::ServiceExt;

const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");

/// The growth that is allowed, in per cent. The C library chooses its copy functions by processor.
const TOLERANCE: u64 = 3;

/// The variable that makes this program do the measured work.
const WORK: &str = "PANORA_BENCH_WORK";

/// The number of repetitions of the work in a run, beyond the first.
const REPEATS: u32 = 10;

/// The measured paths. The two names of wrong signatures are equally long, because the size of the
/// environment moves the stack, which changes a count slightly.
const PATHS: [&str; 8] = [
    "hash 1 KB",
    "hash 16 KB",
    "verify 1 KB",
    "verify 16 KB",
    "refuse 1 KB, digit 00 wrong",
    "refuse 1 KB, digit 63 wrong",
    "decode rows",
    "answer 1 KB",
];

/// The counts that must not grow, and the counts to subtract. valgrind does not support the SHA-256
/// instructions, so hashing would dominate every other cost.
const OURS: [(&str, &str, Option<&str>); 4] = [
    ("find and check 1 KB", "verify 1 KB", Some("hash 1 KB")),
    ("find and check 16 KB", "verify 16 KB", Some("hash 16 KB")),
    ("decode rows", "decode rows", None),
    ("answer 1 KB, all but verify", "answer 1 KB", Some("verify 1 KB")),
];

fn main() -> anyhow::Result<()> {
    if let Ok(work) = env::var(WORK) {
        let (path, repeats) = work.split_once('=').context("expected a path and a number")?;
        return work_on(path, repeats.parse()?);
    }
    let counts: BTreeMap<_, _> =
        PATHS.into_iter().map(|path| Ok((path, count(path)?))).collect::<anyhow::Result<_>>()?;
    ensure_that_time_tells_nothing(&counts)?;
    let ours =
        OURS.map(|(name, path, without)| (name, counts[path] - without.map_or(0, |path| counts[path])));
    if env::args().any(|argument| argument == "update") {
        let lines = ours.map(|(name, count)| format!("{name}: {count}\n"));
        fs::write(BASELINE, lines.concat())?;
    }
    let baseline = fs::read_to_string(BASELINE).context("there is no baseline: run with `update`")?;
    let mut grown = Vec::new();
    println!("{:<32} {:>10} {:>10}", "instructions", "before", "now");
    for (name, count) in ours {
        let before = baseline.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let before: u64 = before.with_context(|| format!("`{name}` has no baseline"))?.parse()?;
        println!("{name:<32} {before:>10} {count:>10}");
        if count * 100 > before * (100 + TOLERANCE) {
            grown.push(name);
        }
    }
    ensure!(grown.is_empty(), "more instructions than before: {}", grown.join(", "));
    Ok(())
}

/// Checks that a wrong signature takes the same time regardless of the wrong digit. Otherwise a
/// signature could be guessed digit by digit.
fn ensure_that_time_tells_nothing(counts: &BTreeMap<&str, u64>) -> anyhow::Result<()> {
    let [first, last] = ["00", "63"].map(|digit| counts.get(&*format!("refuse 1 KB, digit {digit} wrong")));
    ensure!(
        first.is_some() && first == last,
        "the time to refuse a signature depends on the position of the wrong digit"
    );
    Ok(())
}

/// Returns the instructions of a path after warm-up.
fn count(path: &str) -> anyhow::Result<u64> {
    let (once, often) = (collected(path, 1)?, collected(path, 1 + REPEATS)?);
    Ok((often - once) / u64::from(REPEATS))
}

/// Returns the instructions of this program while it does the work.
fn collected(path: &str, repeats: u32) -> anyhow::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .env(WORK, format!("{path}={repeats}"))
        .stdout(Stdio::null())
        .output()
        .context("valgrind is not installed")?;
    let log = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{log}");
    let collected = log.lines().find_map(|line| line.split_once("Collected : "));
    Ok(collected.context("valgrind did not count")?.1.trim().parse()?)
}

fn work_on(path: &str, repeats: u32) -> anyhow::Result<()> {
    let verifier = Verifier::new(SECRET)?;
    let repeat = |work: &mut dyn FnMut() -> anyhow::Result<()>| (0..repeats).try_for_each(|_| work());
    match path {
        "hash 1 KB" | "hash 16 KB" => {
            let Delivery { data, .. } = Delivery::of(size(path))?;
            let key = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
            repeat(&mut || {
                black_box(key.clone().chain_update(black_box(&data)).finalize());
                Ok(())
            })
        }
        "verify 1 KB" | "verify 16 KB" => {
            let Delivery { body, signature, .. } = Delivery::of(size(path))?;
            repeat(&mut || {
                black_box(verifier.verify(black_box(body.as_bytes()), &signature)?);
                Ok(())
            })
        }
        "refuse 1 KB, digit 00 wrong" | "refuse 1 KB, digit 63 wrong" => {
            let Delivery { body, signature, .. } = Delivery::of(1 << 10)?;
            let position = if path.contains("00") { 0 } else { 63 };
            let mut wrong = signature.into_bytes();
            // Digits and letters take different paths in the decoder.
            wrong[position] = match wrong[position] {
                b'0' => b'1',
                b'1'..=b'9' => b'0',
                b'a' => b'b',
                _ => b'a',
            };
            repeat(&mut || {
                ensure!(verifier.verify(black_box(body.as_bytes()), &wrong).is_err());
                Ok(())
            })
        }
        "decode rows" => {
            let sample = sample("crm.company.pulled");
            let (body, signature) = (sample.body(), sample.signature(&verifier));
            let delivery = verifier.verify(body.as_bytes(), signature)?;
            repeat(&mut || {
                black_box(black_box(&delivery).payload::<Vec<panora_hooks::models::crm::CompanyRow>>()?);
                Ok(())
            })
        }
        "answer 1 KB" => {
            let Delivery { body, signature, .. } = Delivery::of(1 << 10)?;
            let router = Webhooks::new(verifier).hooks(hooks![contact_created]).into_router::<()>("/webhook");
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            repeat(&mut || {
                let request = Request::post("/webhook").header("Panora-Signature", &signature);
                let answer =
                    runtime.block_on(router.clone().oneshot(request.body(Body::from(body.clone()))?))?;
                ensure!(answer.status().is_success());
                Ok(())
            })
        }
        path => bail!("unknown path `{path}`"),
    }
}

fn size(path: &str) -> usize {
    if path.ends_with(" 16 KB") { 16 << 10 } else { 1 << 10 }
}

#[on("crm.contact.created")]
async fn contact_created(Event(_): Event<serde_json::Value>) {}
