//! A crate that imports `panora-hooks` under another name.

use webhooks_of_panora::{Event, HookError, Metadata, Registry, State, hooks, on};

/// The state.
#[derive(Debug, Clone)]
pub struct App;

#[on("crm.contact.created", crate = ::webhooks_of_panora)]
async fn contact_created(Event(_): Event<String>, State(App): State<App>) -> Result<(), HookError> {
    Ok(())
}

#[on("crm.*", crate = ::webhooks_of_panora)]
async fn crm(_: Metadata) {}

/// The list needs no path, because `macro_rules!` has `$crate`.
pub fn hooks(registry: &mut Registry<App>) {
    registry.hooks(hooks![contact_created, crm]);
}

#[cfg(test)]
mod tests {
    use webhooks_of_panora::{Verifier, Webhooks};

    #[test]
    fn hooks_of_a_renamed_dependency_are_registered() {
        let verifier = Verifier::new("secret").unwrap();
        let webhooks = Webhooks::new(verifier).with_state(super::App).hooks(super::hooks);
        let shown = format!("{webhooks:?}");
        assert!(shown.contains("contact_created") && shown.contains("crm.*"), "{shown}");
    }
}
