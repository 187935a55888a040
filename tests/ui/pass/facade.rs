// The runtime crate is found where the attribute says.
#![deny(warnings)]

mod my_facade {
    pub use panora_hooks;

    #[macro_export]
    macro_rules! hook {
        ($name:ident) => {
            #[panora_hooks::on("crm.deal.created", crate = $crate::my_facade::panora_hooks)]
            async fn $name() {}
        };
    }
}

extern crate panora_hooks as renamed;

use my_facade::panora_hooks::{hooks as list, on as event};

#[event("crm.contact.created", crate = crate::my_facade::panora_hooks)]
async fn a() {}

#[event("crm.contact.pulled", crate = ::renamed)]
async fn b() {}

hook!(c);

fn main() {
    let verifier = renamed::Verifier::new("secret").unwrap();
    let _ = renamed::Webhooks::new(verifier).hooks(list![a, b, c]);
}
