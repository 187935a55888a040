#![allow(dead_code)]

use panora_hooks::on;

#[on("crm.contact.created")]
union Number {
    integer: u32,
    float: f32,
}

fn main() {}
