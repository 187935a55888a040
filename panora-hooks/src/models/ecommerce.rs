// Written by `cargo test -p panora-hooks-tests --test generated` from `tests/facts/models.json` and the
// catalogue. To change it, change these.

//! E-commerce.

use serde_json::Value;

use super::{DateTime, FieldMappings, any_event::any_event, model::model, open_enum::open_enum};

open_enum! {
    /// The values of [`Address::address_type`].
    pub enum AddressType {
        Shipping = "SHIPPING",
        Billing = "BILLING",
    }
}

open_enum! {
    /// The values of [`Order::order_status`].
    pub enum OrderStatus {
        Pending = "PENDING",
        Unshipped = "UNSHIPPED",
        Shipped = "SHIPPED",
        Canceled = "CANCELED",
    }
}

open_enum! {
    /// The values of [`Order::payment_status`].
    pub enum OrderPaymentStatus {
        Success = "SUCCESS",
        Fail = "FAIL",
    }
}

open_enum! {
    /// The values of [`Order::fulfillment_status`].
    pub enum OrderFulfillmentStatus {
        Pending = "PENDING",
        Fulfilled = "FULFILLED",
        Canceled = "CANCELED",
    }
}

open_enum! {
    /// The values of [`Product::product_status`].
    pub enum ProductStatus {
        Archived = "ARCHIVED",
        Active = "ACTIVE",
        Draft = "DRAFT",
    }
}

model! {
    /// An address: part of [`Customer`].
    pub struct Address in "ecommerce" {
        pub street_1: Option<String>,
        pub street_2: Option<String>,
        pub city: Option<String>,
        pub state: Option<String>,
        pub postal_code: Option<String>,
        pub country: Option<String>,
        pub address_type: Option<AddressType>,
    }
}

model! {
    /// An order line item: part of [`Order`].
    pub struct OrderLineItem in "ecommerce" {
        /// A string or a number.
        pub remote_id: Option<Value>,
        /// A string or a number.
        pub product_id: Option<Value>,
        /// A string or a number.
        pub variant_id: Option<Value>,
        pub sku: Option<String>,
        pub title: Option<String>,
        pub quantity: Option<f64>,
        pub price: Option<String>,
        pub total: Option<String>,
        pub fulfillment_status: Option<String>,
        pub requires_shipping: Option<bool>,
        pub taxable: Option<bool>,
        pub weight: Option<f64>,
        pub variant_title: Option<String>,
        pub vendor: Option<String>,
        /// Each `{ name: string; value: string }`.
        pub properties: Option<Vec<Value>>,
        /// Each `{ title: string; price: string; rate: number }`.
        pub tax_lines: Option<Vec<Value>>,
        /// Each `{ amount: string; discount_application_index: number }`.
        pub discount_allocations: Option<Vec<Value>>,
    }
}

model! {
    /// A product variant: part of [`Product`].
    pub struct ProductVariant in "ecommerce" {
        pub title: Option<String>,
        pub price: Option<f64>,
        pub sku: Option<String>,
        pub options: Option<Value>,
        pub weight: Option<f64>,
        pub inventory_quantity: Option<f64>,
    }
}

model! {
    /// A customer.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Customer in "ecommerce" {
        pub email: Option<String>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub phone_number: Option<String>,
        pub addresses: Option<Vec<Address>>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A customer, as a row of Panora's table `ecom_customers`.
    ///
    /// `ecommerce.customer.pulled` carries a list of these.
    pub struct CustomerRow in "ecommerce" {
        pub id_ecom_customer: String,
        pub remote_id: Option<String>,
        pub email: Option<String>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub phone_number: Option<String>,
        pub modified_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub id_connection: Option<String>,
        pub remote_deleted: Option<bool>,
    }
}

model! {
    /// A fulfillment.
    ///
    /// Panora's API has it; no event carries it.
    pub struct Fulfillment in "ecommerce" {
        pub carrier: Option<String>,
        pub tracking_urls: Option<Vec<String>>,
        pub tracking_numbers: Option<Vec<String>>,
        pub items: Option<Value>,
        pub order_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
    }
}

model! {
    /// A fulfillment, as a row of Panora's table `ecom_fulfilments`.
    ///
    /// `ecommerce.fulfillment.pulled` carries a list of these.
    pub struct FulfillmentRow in "ecommerce" {
        pub id_ecom_fulfilment: String,
        pub carrier: Option<String>,
        pub tracking_urls: Option<Vec<String>>,
        pub tracking_numbers: Option<Vec<String>>,
        pub items: Option<Value>,
        pub remote_id: Option<String>,
        pub id_ecom_order: Option<String>,
        pub id_connection: Option<String>,
        pub modified_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub remote_deleted: Option<bool>,
    }
}

model! {
    /// A fulfillment orders.
    ///
    /// Panora's API has it; no event carries it.
    pub struct FulfillmentOrders in "ecommerce" {
        pub name: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub id: String,
        pub remote_id: Option<String>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        pub created_at: Option<Value>,
        pub modified_at: Option<Value>,
    }
}

model! {
    /// An order.
    ///
    /// `ecommerce.order.created` carries one, but no known release sends that.
    pub struct Order in "ecommerce" {
        pub id: String,
        pub order_status: Option<OrderStatus>,
        pub order_number: Option<String>,
        pub payment_status: Option<OrderPaymentStatus>,
        pub currency: Option<String>,
        pub total_price: Option<f64>,
        pub total_discount: Option<f64>,
        pub total_shipping: Option<f64>,
        pub total_tax: Option<f64>,
        pub fulfillment_status: Option<OrderFulfillmentStatus>,
        pub customer_id: Option<String>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
        /// In Panora's API; no event carries it.
        pub items: Option<Vec<OrderLineItem>>,
    }
}

model! {
    /// An order, as a row of Panora's table `ecom_orders`.
    ///
    /// `ecommerce.order.pulled` carries a list of these.
    pub struct OrderRow in "ecommerce" {
        pub id_ecom_order: String,
        pub order_status: Option<OrderStatus>,
        pub order_number: Option<String>,
        pub payment_status: Option<OrderPaymentStatus>,
        pub currency: Option<String>,
        /// Arrives as digits in a string.
        pub total_price: Option<i64>,
        /// Arrives as digits in a string.
        pub total_discount: Option<i64>,
        /// Arrives as digits in a string.
        pub total_shipping: Option<i64>,
        /// Arrives as digits in a string.
        pub total_tax: Option<i64>,
        pub fulfillment_status: Option<OrderFulfillmentStatus>,
        pub remote_id: Option<String>,
        pub id_ecom_customer: Option<String>,
        pub id_connection: Option<String>,
        pub modified_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub remote_deleted: Option<bool>,
    }
}

model! {
    /// A product.
    ///
    /// `ecommerce.product.created` carries one.
    pub struct Product in "ecommerce" {
        pub id: String,
        pub product_url: Option<String>,
        pub product_type: Option<String>,
        pub product_status: Option<ProductStatus>,
        pub images_urls: Option<Vec<String>>,
        pub description: Option<String>,
        pub vendor: Option<String>,
        pub variants: Option<Vec<ProductVariant>>,
        pub tags: Option<Vec<String>>,
        pub field_mappings: Option<FieldMappings>,
        pub remote_id: Option<String>,
        pub created_at: Option<DateTime>,
        pub modified_at: Option<DateTime>,
        /// What the provider has of it, where the call that created it asked for that.
        pub remote_data: Option<Value>,
    }
}

model! {
    /// A product, as a row of Panora's table `ecom_products`.
    ///
    /// `ecommerce.product.pulled` carries a list of these.
    pub struct ProductRow in "ecommerce" {
        pub id_ecom_product: String,
        pub remote_id: Option<String>,
        pub product_url: Option<String>,
        pub product_type: Option<String>,
        pub product_status: Option<ProductStatus>,
        pub images_urls: Option<Vec<String>>,
        pub description: Option<String>,
        pub vendor: Option<String>,
        pub tags: Option<Vec<String>>,
        pub modified_at: Option<DateTime>,
        pub created_at: Option<DateTime>,
        pub id_connection: Option<String>,
        pub remote_deleted: Option<bool>,
    }
}

any_event! {
    /// Any event of this vertical, for a hook on `ecommerce.*` or another prefix.
    pub enum AnyEvent in "ecommerce" {
        /// `ecommerce.customer.pulled`.
        CustomerPulled(Vec<CustomerRow>): "ecommerce.customer.pulled",
        /// `ecommerce.fulfillment.pulled`.
        FulfillmentPulled(Vec<FulfillmentRow>): "ecommerce.fulfillment.pulled",
        /// `ecommerce.order.created`, which no known release sends.
        OrderCreated(Order): "ecommerce.order.created",
        /// `ecommerce.order.pulled`.
        OrderPulled(Vec<OrderRow>): "ecommerce.order.pulled",
        /// `ecommerce.product.created`.
        ProductCreated(Product): "ecommerce.product.created",
        /// `ecommerce.product.pulled`.
        ProductPulled(Vec<ProductRow>): "ecommerce.product.pulled",
    }
}
