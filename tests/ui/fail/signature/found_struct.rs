#![allow(non_camel_case_types, non_upper_case_globals)]

use panora_hooks::on;

#[on("crm.contact.created")]
struct contact_created;

fn main() {}
