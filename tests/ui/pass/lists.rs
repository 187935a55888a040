// Lists in every form.
#![deny(warnings)]

use panora_hooks::{Metadata, Registry, State, Verifier, Webhooks, hooks, on};

#[derive(Clone)]
struct App;

mod crm {
    use super::*;

    #[on("crm.contact.created")]
    pub async fn contact_created(_: State<App>) {}

    pub mod deals {
        use super::*;

        #[on("crm.deal.created")]
        pub(in super::super) async fn created(_: Metadata) {}
    }

    pub fn hooks(registry: &mut Registry<App>) {
        registry.hooks(hooks![contact_created]).hooks(hooks![]);
        hooks![deals::created](registry);
    }
}

mod ticketing {
    use super::*;

    #[on("ticketing.ticket.created")]
    pub async fn ticket_created() {}

    pub use self::ticket_created as re_exported;
}

use ticketing::re_exported as renamed;

#[on("crm.note.created")]
async fn first() {}

#[on("hris.employee.created")]
async fn in_a_closure(_: State<App>) {}

#[on("hris.timeoff.created")]
async fn in_a_closure_in_a_closure(_: State<App>) {}

#[on("hris.company.pulled")]
async fn for_any_state() {}

fn generic<S: Clone + Send + Sync + 'static>(registry: &mut Registry<S>) {
    registry.hooks(hooks![for_any_state]);
}

fn nothing(_: &mut Registry<App>) {}

fn pass_on(list: impl FnOnce(&mut Registry<App>)) -> Webhooks<App> {
    Webhooks::new(Verifier::new("secret").unwrap()).with_state(App).hooks(list)
}

#[cfg(all())]
#[on("crm.task.created")]
async fn second() {}

#[on("crm.stage.pulled")]
#[cfg(any())]
async fn configured_out() {}

fn main() {
    let _ = pass_on(|registry| {
        registry.hooks(hooks![in_a_closure]).hooks(|registry| {
            registry.hooks(hooks![in_a_closure_in_a_closure]);
        });
    })
    .hooks(|registry| crm::hooks(registry))
    .hooks(nothing as fn(&mut Registry<App>))
    .hooks(Box::new(nothing) as Box<dyn FnOnce(&mut Registry<App>)>)
    .hooks(generic);
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(generic);
    let _ = Webhooks::new(Verifier::new("secret").unwrap())
        .with_state(App)
        .hooks(crm::hooks)
        .hooks(hooks![])
        .hooks(hooks![renamed,])
        .hooks(hooks![
            #[cfg(any())]
            gone::entirely,
            crate::first,
            #[cfg(any())]
            configured_out,
            #[cfg(all())]
            #[cfg(not(any()))]
            self::second,
        ]);
}
