//! Deliveries as the sender makes them: JSON in a JSON string, with an escaped quote every eight
//! bytes.

use panora_hooks::Verifier;

pub(crate) const SECRET: &str = "f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de";

/// A delivery, its signed part and its signature.
pub(crate) struct Delivery {
    pub(crate) body: String,
    /// The signed part: the value of `data`.
    pub(crate) data: String,
    pub(crate) signature: String,
}

impl Delivery {
    /// Creates a delivery of about `bytes` bytes.
    pub(crate) fn of(bytes: usize) -> anyhow::Result<Self> {
        const HEAD: &str = r#"{"id":"7f1c2b34-9a5d-4e0f-8c3a-1b2c3d4e5f60","object":"contact","emails":["#;
        let mut payload = HEAD.to_owned();
        let mut written = 2 * HEAD.len();
        for number in 1_u32.. {
            let email = number.wrapping_mul(2_654_435_761);
            let entry = format!(
                r#"{{"k":{number},"email":"user{email:08x}@example.com","name":"Ada Lovelace {number}"}},"#
            );
            written += entry.len() + entry.matches('"').count();
            if written + 40 > bytes {
                break;
            }
            payload += &entry;
        }
        let payload = payload.trim_end_matches(',').to_owned() + "]}";
        let data = serde_json::to_string(&payload)?;
        let signature = Verifier::new(SECRET)?.sign(&data);
        let body = format!(
            r#"{{"id_event":"3f2504e0-4f89-41d3-9a0c-0305e82c3301","data":{data},"type":"crm.contact.created"}}"#
        );
        Ok(Self { body, data, signature })
    }
}
