use panora_hooks::{Event, Verifier, Webhooks, hooks, models::ecommerce::FulfillmentOrders, on};

#[on("ecommerce.fulfillmentorders.pulled")]
#[allow(deprecated)]
async fn orders_pulled(Event(_orders): Event<Vec<FulfillmentOrders>>) {}

fn main() {
    let _ = Webhooks::new(Verifier::new("secret").unwrap()).hooks(hooks![orders_pulled]);
}
