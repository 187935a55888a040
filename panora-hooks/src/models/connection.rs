// Written by `cargo test -p panora-hooks-tests --test generated` from `tests/facts/models.json` and the
// catalogue. To change it, change these.

//! `Connection`: what `connection.created` carries.

use super::{DateTime, Secret, model::model, open_enum::open_enum};

open_enum! {
    /// The values of [`Connection::token_type`].
    pub enum ConnectionTokenType {
        Oauth2 = "oauth2",
        ApiKey = "api_key",
        Basic = "basic",
    }
}

model! {
    /// A user's connection to a provider, with its credentials.
    ///
    /// `connection.created` carries one.
    pub struct Connection in "connection" {
        pub id_connection: String,
        pub status: Option<String>,
        pub provider_slug: Option<String>,
        pub vertical: Option<String>,
        pub account_url: Option<String>,
        pub token_type: Option<ConnectionTokenType>,
        /// The provider's, encrypted by Panora.
        pub access_token: Option<Secret>,
        /// The provider's, encrypted by Panora.
        pub refresh_token: Option<Secret>,
        pub expiration_timestamp: Option<DateTime>,
        pub created_at: Option<DateTime>,
        /// What requests to Panora's API name the connection with.
        pub connection_token: Option<Secret>,
        pub id_project: Option<String>,
        pub id_linked_user: Option<String>,
    }
}
