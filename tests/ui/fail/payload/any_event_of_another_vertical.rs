use panora_hooks::{Event, Verifier, Webhooks, hooks, models::crm, on};

#[on("ticketing.*")]
async fn ticketing(Event(_event): Event<crm::AnyEvent>) {}

#[on("hris.employee.created")]
async fn employee_created(Event(_event): Event<crm::AnyEvent>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![ticketing, employee_created]);
}
