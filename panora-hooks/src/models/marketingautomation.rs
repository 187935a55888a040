// Written by `cargo test -p panora-hooks-tests --test generated` from `tests/facts/models.json` and the
// catalogue. To change it, change these.

//! Marketing automation.
//!
//! Panora declares these objects without fields, and no event carries one.

use super::{any_event::any_event, model::model};

model! {
    /// An action.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Action in "marketingautomation" {
    }
}

model! {
    /// An automation.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Automation in "marketingautomation" {
    }
}

model! {
    /// A campaign.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Campaign in "marketingautomation" {
    }
}

model! {
    /// A contact.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Contact in "marketingautomation" {
    }
}

model! {
    /// An email.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Email in "marketingautomation" {
    }
}

model! {
    /// An event.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Event in "marketingautomation" {
    }
}

model! {
    /// A list.
    ///
    /// Panora's API has it; no event carries it.
    pub struct List in "marketingautomation" {
    }
}

model! {
    /// A message.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Message in "marketingautomation" {
    }
}

model! {
    /// A template.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Template in "marketingautomation" {
    }
}

model! {
    /// A user.
    ///
    /// Panora's API has it; no event carries it.
    pub struct User in "marketingautomation" {
    }
}

any_event! {
    /// Any event of this vertical, for a hook on `marketingautomation.*` or another prefix.
    pub enum AnyEvent in "marketingautomation" {
    }
}
