//! `completions` and `man`.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::{failure::Failure, print};

/// Prints the completions for a shell
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

pub(crate) fn completions(
    CompletionsArgs { shell }: &CompletionsArgs,
    mut command: Command,
) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut command, "panora-hooks", &mut script);
    if *shell == Shell::Bash {
        // clap_complete 4.6.11 spells a name with a hyphen in two ways, so nothing is completed
        // after a subcommand.
        let text = String::from_utf8_lossy(&script).replace("panora__subcmd__hooks", "panora__hooks");
        script = text.into_bytes();
    }
    print::raw(&script)
}

pub(crate) fn man(ManArgs { folder }: &ManArgs, mut command: Command) -> Result<(), Failure> {
    command.build();
    let Some(folder) = folder else {
        let mut page = Vec::new();
        let rendered = write_page(command, &mut page);
        rendered.map_err(|error| Failure::outside("cannot write the page", &error))?;
        return print::raw(&page);
    };
    fs::create_dir_all(folder).and_then(|()| write_pages(command, folder)).map_err(|error| {
        Failure::outside(format_args!("cannot write to the folder `{}`", folder.display()), &error)
    })
}

/// Writes the pages of a command and of all commands below it.
fn write_pages(command: Command, folder: &Path) -> io::Result<()> {
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        write_pages(command.clone(), folder)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let mut file = File::create(folder.join(format!("{name}.1")))?;
    write_page(command, &mut file)
}

/// Writes a page with the name and the version of the program in the footer.
fn write_page(command: Command, to: &mut dyn Write) -> io::Result<()> {
    let source = concat!("panora-hooks ", env!("CARGO_PKG_VERSION"));
    // roff drops an empty argument, and the source would take the place of the date.
    Man::new(command).date(" ").source(source).render(to)
}
