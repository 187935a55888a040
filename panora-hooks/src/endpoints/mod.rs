//! The API on which Panora's webhook endpoints are managed.
