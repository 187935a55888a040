#![allow(non_camel_case_types, non_upper_case_globals)]

use panora_hooks::on;

struct App;

#[on("crm.contact.created")]
impl App {}

fn main() {}
