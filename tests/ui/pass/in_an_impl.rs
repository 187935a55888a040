// Hooks in `impl` blocks, without `self`.
#![deny(warnings)]

use panora_hooks::{Metadata, State, Verifier, Webhooks, hooks, on};

#[derive(Clone)]
struct App;

struct Other;

impl App {
    #[on("crm.contact.created")]
    async fn created(_: Metadata, _: State<App>) {}

    #[on("crm.deal.created")]
    pub async fn deal_created() -> Result<(), std::io::Error> {
        App::created_elsewhere();
        Ok(())
    }

    fn created_elsewhere() {}
}

macro_rules! hook_of {
    ($($ty:ident $event:literal)*) => {
        $(
            impl $ty {
                #[on($event)]
                async fn of_a_macro() {}
            }
        )*
    };
}

// Two hooks with one name, in one module, at one line.
hook_of!(App "crm.note.created" Other "crm.task.created");

macro_rules! functions {
    ($event:expr, $($function:ident)*) => {
        $(
            fn $function() {
                #[on($event)]
                async fn hook() {}

                let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![hook]);
            }
        )*
    };
}

// The same with equal event types, which the macro takes as an expression.
functions!("crm.contact.created", first second);

fn main() {
    first();
    second();
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).with_state(App).hooks(hooks![
        App::created,
        App::deal_created,
        App::of_a_macro,
        Other::of_a_macro,
    ]);
}
