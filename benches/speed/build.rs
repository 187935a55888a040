//! The cost of compiling.

use std::{fmt::Write, fs, path::Path, process::Command};

use anyhow::{Context, ensure};
use panora_hooks::catalogue;
use tempfile::TempDir;

use super::table::Row;
use crate::median::median;

const ROUNDS: usize = 3;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The dependencies of all applications.
const PLAIN: &str = r#"
anyhow = "1"
axum = "0.8"
tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
"#;

/// Measures clean builds of an axum application: without a receiver, with one written by hand, and
/// with a generated one without an inbox.
pub(crate) fn from_nothing() -> anyhow::Result<Vec<Row>> {
    let plain = Application::new("", "", "axum::Router::new()")?;
    let by_hand = Application::new(
        r#"
hmac = "0.13"
serde = { version = "1", features = ["derive"] }
serde_json = { version = "1", features = ["raw_value"] }
sha2 = "0.11"
"#,
        &include_str!("peers/by_hand.rs").replace("//!", "//").replace("pub(crate) ", ""),
        r#"router("secret")?"#,
    )?;
    let hooks = Application::new(
        &on_hooks(),
        r#"
            use panora_hooks::{Verifier, Webhooks, hooks, on};
            #[on("crm.contact.created")]
            async fn contact_created() {}
            #[on("crm.company.created")]
            async fn company_created() {}
        "#,
        r#"Webhooks::new(Verifier::new("secret")?)
            .hooks(hooks![contact_created, company_created])
            .into_router::<()>("/webhook")"#,
    )?;
    let (mut more_than_plain, mut more_than_by_hand) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (plain, by_hand, hooks) = (plain.build()?, by_hand.build()?, hooks.build()?);
        more_than_plain.push(hooks - plain);
        more_than_by_hand.push(hooks - by_hand);
    }
    Ok(vec![
        Row::at_most("build, more than a plain axum app, CPU s".to_owned(), median(more_than_plain), 4.0),
        Row::peer("build, more than with a receiver by hand, CPU s".to_owned(), median(more_than_by_hand)),
    ])
}

/// Measures an application of 200 hooks in one list, and one of 200 functions.
pub(crate) fn two_hundred() -> anyhow::Result<Vec<Row>> {
    let mut functions = String::new();
    let mut hooks = String::from("use panora_hooks::{Verifier, Webhooks, hooks, on};\n");
    let mut list = String::new();
    let events = catalogue::all().iter().map(|event| format!("{:?}", event.name()));
    let unlisted = (0..).map(|number| format!(r#""shop.object_{number}.created", unlisted"#));
    for (number, event) in events.chain(unlisted).take(200).enumerate() {
        writeln!(functions, "pub async fn function_{number}() {{}}")?;
        writeln!(hooks, "#[allow(deprecated)] #[on({event})] async fn hook_{number}() {{}}")?;
        write!(list, "hook_{number}, ")?;
    }
    let dependency = on_hooks();
    let functions = Application::new(&dependency, &functions, "axum::Router::new()")?;
    let list = format!(r#"Webhooks::new(Verifier::new("s")?).hooks(hooks![{list}]).into_router::<()>("/")"#);
    let hooks = Application::new(&dependency, &hooks, &list)?;
    functions.check_again()?;
    hooks.check_again()?;
    let mut more = Vec::new();
    for _ in 0..ROUNDS {
        more.push(hooks.check_again()? - functions.check_again()?);
    }
    Ok(vec![Row::at_most("check 200 hooks, more than functions, CPU s".to_owned(), median(more), 1.2)])
}

/// Returns the dependency on this repository.
fn on_hooks() -> String {
    format!("panora-hooks = {{ path = '{REPOSITORY}/panora-hooks', default-features = false }}")
}

/// A package outside the workspace.
struct Application(TempDir);

impl Application {
    fn new(dependencies: &str, items: &str, router: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("src"))?;
        let manifest = "[package]\nname = \"application\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n";
        fs::write(folder.path().join("Cargo.toml"), format!("{manifest}{PLAIN}{dependencies}"))?;
        // All applications build the same versions.
        fs::copy(Path::new(REPOSITORY).join("Cargo.lock"), folder.path().join("Cargo.lock"))?;
        let main = format!(
            "{items}\n#[tokio::main]\nasync fn main() -> anyhow::Result<()> {{\n\
             let listener = tokio::net::TcpListener::bind(\"127.0.0.1:0\").await?;\n\
             axum::serve(listener, {router}).await?;\nOk(())\n}}\n"
        );
        fs::write(folder.path().join("src/main.rs"), main)?;
        Ok(Self(folder))
    }

    /// Builds from scratch, and returns CPU seconds.
    fn build(&self) -> anyhow::Result<f64> {
        let target = self.0.path().join("target");
        if target.exists() {
            fs::remove_dir_all(target)?;
        }
        self.cargo("build")
    }

    /// Checks again after the dependencies are built, and returns CPU seconds.
    fn check_again(&self) -> anyhow::Result<f64> {
        let main = self.0.path().join("src/main.rs");
        fs::write(&main, fs::read(&main)?)?;
        self.cargo("check")
    }

    fn cargo(&self, command: &str) -> anyhow::Result<f64> {
        let before = seconds_of_children()?;
        let status = Command::new("cargo")
            .args([command, "--quiet", "--offline"])
            .current_dir(self.0.path())
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_TARGET_DIR", self.0.path().join("target"))
            .env_remove("RUSTFLAGS")
            .status()?;
        ensure!(status.success(), "cargo {command} failed");
        Ok(seconds_of_children()? - before)
    }
}

/// Returns the CPU time of all child processes that have ended.
fn seconds_of_children() -> anyhow::Result<f64> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").context("CPU times are available on Linux only")?;
    let (_, fields) = stat.rsplit_once(')').context("unexpected format of /proc/self/stat")?;
    let ticks = fields.split_ascii_whitespace().skip(13).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS_PER_SECOND)
}
