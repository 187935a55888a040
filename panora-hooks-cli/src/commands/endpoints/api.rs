//! The API and the key of the project.

use panora_hooks::endpoints::{Client, SetupError};

use crate::{failure::Failure, print};

const KEY: &str = "PANORA_API_KEY";

#[derive(clap::Args)]
pub(crate) struct ApiArgs {
    /// The API's URL
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "PANORA_API_URL",
        hide_env = true,
        default_value = "https://api.panora.dev"
    )]
    api: String,
}

impl ApiArgs {
    /// Returns a client with the key in `PANORA_API_KEY`.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let client = Client::from_env(KEY).map_err(wrong)?;
        let client = client.base_url(&self.api).map_err(wrong)?;
        if client.is_exposed() {
            print::warning("the API key goes over the network unencrypted: use https");
        }
        Ok(client)
    }
}

fn wrong(error: SetupError) -> Failure {
    match error {
        SetupError::Http(_) => Failure::of(error),
        _ => Failure::usage(error),
    }
}
