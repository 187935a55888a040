// All forms of arguments, and other attributes beside `#[on]`.
#![deny(warnings)]

use std::collections::HashMap;

use panora_hooks::{Event, Metadata, RawData, State, Verifier, Webhooks, hooks, on};
use serde_json::Value;

#[derive(Clone)]
struct App;

#[on("crm.contact.created")]
async fn none() {}

#[on("crm.contact.pulled")]
async fn all(Event(rows): Event<Vec<Value>>, meta: Metadata, State(App): State<App>, raw: RawData) {
    drop((rows, meta, raw));
}

#[on("crm.deal.created")]
async fn patterns(Event((mut a, _)): Event<(u8, u8)>, _: Metadata, State(..): State<App>) {
    a += 1;
    assert!(a > 0);
}

#[on("crm.deal.pulled")]
async fn paths(
    _: panora_hooks::Event<HashMap<String, Option<Value>>>,
    __delivery: Metadata,
    state: State<App>,
) {
    drop((__delivery, state));
}

#[on("crm.note.created")]
async fn names_that_the_macro_uses(delivery: Metadata, argument_0: RawData, outcome: State<App>) {
    drop((delivery, argument_0, outcome));
}

#[on("filestorage.file.created")]
async fn delivery(_: Metadata, _: State<App>) {}

#[on("filestorage.folder.created")]
async fn state(_: Metadata, _: State<App>) {}

#[on("filestorage.drive.pulled")]
async fn argument_0(_: Metadata, _: State<App>) {}

#[on("filestorage.user.pulled")]
async fn outcome() {}

#[on("filestorage.group.pulled")]
async fn registry() {}

type Render = std::sync::Arc<dyn for<'a> Fn(&'a str) -> &'a str + Send + Sync>;

impl axum::extract::FromRef<App> for Render {
    fn from_ref(_: &App) -> Self {
        std::sync::Arc::new(|text| text)
    }
}

impl axum::extract::FromRef<App> for fn(&str) -> bool {
    fn from_ref(_: &App) -> Self {
        str::is_empty
    }
}

/// A type of the same name, which needs the state.
mod own {
    pub struct Event(pub &'static str);

    impl panora_hooks::FromDelivery<super::App> for Event {
        fn from_delivery(
            _: &panora_hooks::Delivery<'_>,
            _: &super::App,
        ) -> Result<Self, panora_hooks::HookError> {
            Ok(Self("own"))
        }
    }
}

#[on("connection.created")]
async fn functions(_: State<Render>, _: State<fn(&str) -> bool>, event: own::Event, _: Event<Value>) {
    assert!(!event.0.is_empty());
}

#[on("crm.task.created")]
#[tracing::instrument]
async fn instrumented_below(_meta: Metadata) -> Result<(), String> {
    Ok(())
}

#[tracing::instrument]
#[on("crm.task.pulled")]
async fn instrumented_above(_meta: Metadata) -> anyhow::Result<()> {
    Ok(())
}

#[on("crm.stage.pulled")]
async fn r#type(r#fn: Metadata) {
    drop(r#fn);
}

macro_rules! hook {
    ($name:ident, $event:literal, $payload:ty) => {
        #[on($event)]
        async fn $name(Event(payload): Event<$payload>) {
            drop(payload);
        }
    };
}

hook!(generated, "crm.user.pulled", Vec<Value>);

/// A type of our own that has the name of axum's.
struct Json<T>(T);

impl<S> panora_hooks::FromDelivery<S> for Json<u8> {
    fn from_delivery(_: &panora_hooks::Delivery<'_>, _: &S) -> Result<Self, panora_hooks::HookError> {
        Ok(Self(1))
    }
}

#[on("crm.engagement.pulled")]
async fn json_of_our_own(Json(_number): Json<u8>) {}

fn main() {
    #[on("crm.engagement.created")]
    async fn local() {}

    let _ = Webhooks::new(Verifier::new("secret").unwrap()).with_state(App).hooks(hooks![
        none,
        all,
        patterns,
        paths,
        names_that_the_macro_uses,
        instrumented_below,
        instrumented_above,
        r#type,
        generated,
        delivery,
        state,
        argument_0,
        outcome,
        json_of_our_own,
        registry,
        functions,
        local,
    ]);
}
