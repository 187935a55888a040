//! `completions` and `man`.

use std::{fs, io, path::PathBuf};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::{args::Args, failure::Failure, print};

/// Prints the completions of a shell
#[derive(clap::Args)]
#[command(after_help = "Example: panora-hooks completions bash > panora-hooks.bash")]
pub(crate) struct CompletionsArgs {
    shell: Shell,
}

/// Prints the man page, or writes one for each command
#[derive(clap::Args)]
#[command(after_help = "Example: panora-hooks man > panora-hooks.1")]
pub(crate) struct ManArgs {
    /// Writes a page for each command into a folder
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

pub(crate) fn completions(CompletionsArgs { shell }: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut Args::command(), "panora-hooks", &mut script);
    if *shell == Shell::Bash {
        // clap_complete 4.6.11 spells a name with a hyphen in two ways, so that nothing is completed behind a command.
        let text = String::from_utf8_lossy(&script).replace("panora__subcmd__hooks", "panora__hooks");
        script = text.into_bytes();
    }
    print::raw(&script)
}

pub(crate) fn man(ManArgs { folder }: &ManArgs) -> Result<(), Failure> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        let rendered = Man::new(Args::command()).render(&mut page);
        rendered.map_err(|error| Failure::outside("cannot write the page", &error))?;
        return print::raw(&page);
    };
    let failed = |error: io::Error| {
        Failure::outside(format_args!("cannot write to the folder `{}`", folder.display()), &error)
    };
    fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Args::command(), folder).map_err(failed)
}
