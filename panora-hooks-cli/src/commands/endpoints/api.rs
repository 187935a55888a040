//! The API and the key of the project.

use panora_hooks::endpoints::{Api, Client, SetupError};

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
    /// Uses the API from before August 2024
    #[arg(long, global = true)]
    older_api: bool,
}

impl ApiArgs {
    /// Returns a client with the key in `PANORA_API_KEY`.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let generation = if self.older_api { Api::Older } else { Api::Current };
        let client = Client::from_env(KEY).map_err(wrong)?;
        let client = client.base_url(&self.api).map_err(wrong)?.api(generation);
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
