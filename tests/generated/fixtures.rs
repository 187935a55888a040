//! Writes a payload for every event type, the same in each run, in the sender's notation.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{SignedDuration, Timestamp};
use panora_hooks::catalogue::{self, EventType, Shape};
use serde_json::json;

use crate::{
    facts::Kind,
    plan::{Field, Model, Module, Presence, Type},
};

/// Returns the fixtures of each vertical: an object with one line per event type.
pub fn by_vertical(modules: &[Module]) -> Vec<(String, String)> {
    let mut verticals: BTreeMap<&str, Vec<&EventType>> = BTreeMap::new();
    for event in catalogue::all() {
        verticals.entry(event.vertical()).or_default().push(event);
    }
    let text = |vertical: &str, events: &[&EventType]| {
        let module = modules.iter().find(|module| module.name == vertical).unwrap();
        let lines =
            events.iter().map(|event| format!("{}: {}", quoted(event.name()), fixture(event, module)));
        format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))
    };
    verticals.iter().map(|(vertical, events)| ((*vertical).to_owned(), text(vertical, events))).collect()
}

fn fixture(event: &EventType, module: &Module) -> String {
    let Some(name) = event.payload() else { return "[]".to_owned() };
    let mut random = Random::seeded(event.name());
    let mut writer = Writer {
        module,
        provider: provider(&module.name),
        connection: random.uuid(),
        linked_user: random.uuid(),
        person: random.person(),
        place: random.place(),
        random,
    };
    match event.shape() {
        Shape::Object => writer.object(name, Filled::All),
        // A complete row, an empty one, and one in between. All have the same connection, as in a
        // sync.
        Shape::List => {
            let rows = [Filled::All, Filled::None, Filled::Some].map(|filled| {
                writer.person = writer.random.person();
                writer.place = writer.random.place();
                writer.object(name, filled)
            });
            format!("[{}]", rows.join(","))
        }
    }
}

fn provider(vertical: &str) -> &'static str {
    match vertical {
        "connection" | "crm" => "hubspot",
        "ticketing" => "zendesk",
        "filestorage" => "googledrive",
        "ecommerce" => "shopify",
        "accounting" => "quickbooks",
        "ats" => "greenhouse",
        "hris" => "gusto",
        other => panic!("{other} has no provider"),
    }
}

/// The extent to which optional values are present.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filled {
    All,
    Some,
    None,
}

struct Writer<'m> {
    random: Random,
    module: &'m Module,
    provider: &'static str,
    connection: String,
    linked_user: String,
    /// The first and last name of the person that the object is about.
    person: (&'static str, &'static str),
    place: &'static Place,
}

struct Place {
    city: &'static str,
    state: &'static str,
    postal_code: &'static str,
    country: &'static str,
}

impl Writer<'_> {
    fn object(&mut self, name: &str, filled: Filled) -> String {
        let module = self.module;
        let model = module.models.iter().find(|model| model.name == name).unwrap();
        let fields = model.fields.iter().filter(|field| is_sent(model, field));
        let fields: Vec<_> = fields
            .map(|field| {
                let is_null = !field.is_id
                    && field.fact.nullable
                    && match filled {
                        Filled::All => false,
                        Filled::None => true,
                        Filled::Some => self.random.below(3) == 0,
                    };
                let value = match (is_null, &field.ty) {
                    // A field that is not null has text even if it has no value.
                    (false, ty) => self.value(ty, field, model, filled),
                    (true, _) => "null".to_owned(),
                };
                format!("{}:{value}", quoted(&field.name))
            })
            .collect();
        format!("{{{}}}", fields.join(","))
    }

    fn value(&mut self, ty: &Type, field: &Field, model: &Model, filled: Filled) -> String {
        let format = field.fact.json.format.as_deref();
        match ty {
            Type::Text | Type::Secret => quoted(&self.text(field, model)),
            Type::DateTime => {
                let is_text_only = format == Some("js-date-string");
                match (is_text_only, filled) {
                    (true, Filled::None) => quoted("null"),
                    (true, _) => quoted(&javascript(self.time(&field.name))),
                    (false, _) if is_date(field) => {
                        quoted(&self.time(&field.name).strftime("%Y-%m-%dT00:00:00.000Z").to_string())
                    }
                    (false, _) => quoted(&iso(self.time(&field.name))),
                }
            }
            Type::Integer => {
                let number = self.integer(&field.name);
                if format == Some("bigint-decimal") {
                    quoted(&number.to_string())
                } else {
                    number.to_string()
                }
            }
            // Half of the numbers are integers, and no number has an unnecessary fraction.
            Type::Number => match self.random.below(2) {
                0 => self.integer(&field.name).to_string(),
                _ => format!("{}.{}", self.integer(&field.name), 1 + self.random.below(9)),
            },
            Type::Bool => (self.random.below(2) == 0).to_string(),
            Type::Json if field.fact.json.one_of.is_some() => quoted(&self.random.digits(10)),
            Type::Json => {
                json!({ "source": self.provider, "labels": ["a", "b"], "depth": { "of": 2 } }).to_string()
            }
            Type::FieldMappings => match filled {
                Filled::None => "{}".to_owned(),
                _ => json!({ "favourite_colour": "blue", "loyalty_points": "42", "nickname": "null" })
                    .to_string(),
            },
            // The other types have no use for the tokens of the fixture.
            Type::Enum(_) if field.name == "token_type" => quoted("oauth2"),
            Type::Enum(name) => {
                let open_enum = self.module.enums.iter().find(|open_enum| open_enum.name == *name).unwrap();
                quoted(self.random.of(&open_enum.values))
            }
            Type::Model(name) => {
                let name = name.clone();
                self.object(&name, filled)
            }
            Type::Expandable(ty) => match self.random.below(2) {
                0 => quoted(&self.random.uuid()),
                _ => self.value(ty, field, model, Filled::Some),
            },
            Type::List(ty) if **ty == Type::Text && is_list_of_ids(&field.name, &model.name) => {
                format!("[{}]", quoted(&self.random.uuid()))
            }
            Type::List(ty) => {
                let length = if filled == Filled::None { 0 } else { 2 };
                let items: Vec<_> = (0..length).map(|_| self.value(ty, field, model, filled)).collect();
                format!("[{}]", items.join(","))
            }
            Type::Nullable(ty) => match self.random.below(4) {
                0 => "null".to_owned(),
                _ => self.value(ty, field, model, filled),
            },
        }
    }

    /// Returns a time in autumn 2024. `modified_at` is later than `created_at`.
    fn time(&mut self, name: &str) -> Timestamp {
        let start = match name {
            name if name.contains("created") => "2024-09-01T00:00:00Z",
            name if name.contains("modified") || name.contains("updated") => "2024-10-15T00:00:00Z",
            name if name.contains("birth") => "1987-09-01T00:00:00Z",
            _ => "2024-10-01T00:00:00Z",
        };
        let start: Timestamp = start.parse().unwrap();
        let milliseconds = self.random.below(40 * 24 * 3_600_000);
        start + SignedDuration::from_millis(i64::try_from(milliseconds).unwrap())
    }

    fn integer(&mut self, name: &str) -> u64 {
        match name {
            "fiscal_year_end_month" => 12,
            "fiscal_year_end_day" => 31,
            "size" => 1024 + self.random.below(50_000_000),
            "number_of_employees" => 10 + self.random.below(5_000),
            name if name.contains("rate") => 1 + self.random.below(30),
            _ => 100 + self.random.below(900_000),
        }
    }

    fn text(&mut self, field: &Field, model: &Model) -> String {
        let name = field.name.as_str();
        let is_uuid = field.fact.json.format.as_deref() == Some("uuid");
        let has = |word: &str| name.split('_').any(|other| other == word);
        let (first_name, last_name) = self.person;
        let place = self.place;
        if name.ends_with("_at") || has("date") {
            return iso(self.time(name));
        }
        let random = &mut self.random;
        match name {
            "id_connection" => self.connection.clone(),
            "id_linked_user" => self.linked_user.clone(),
            "connection_token" => random.uuid(),
            "access_token" | "refresh_token" => format!("{}:{}", random.hex(32), random.hex(64)),
            "password" => format!("{}-{}", random.of(WORDS), random.digits(4)),
            "ssn" => format!("{}-{}-{}", random.digits(3), random.digits(2), random.digits(4)),
            "account_number" => random.digits(10),
            "routing_number" => random.digits(9),
            "vertical" => "crm".to_owned(),
            "provider_slug" | "remote_platform" => self.provider.to_owned(),
            "account_url" => format!("https://api.{}.example", self.provider),
            "remote_id" => random.digits(11),
            "first_name" | "preferred_name" => first_name.to_owned(),
            "last_name" => last_name.to_owned(),
            "display_full_name" => format!("{first_name} {last_name}"),
            "username" => first_name.to_lowercase(),
            "name" if is_person(&model.name) => format!("{first_name} {last_name}"),
            "name" | "file_name" if is_file(&model.name) => {
                format!("{} {}.pdf", random.of(WORDS), 2020 + random.below(5))
            }
            "name" | "company" | "vendor" | "bank_name" => random.of(COMPANIES).to_owned(),
            "industry" => random.of(&["BANKING", "SOFTWARE", "RETAIL"]).to_owned(),
            "currency" | "pay_currency" => random.of(&["USD", "EUR", "GBP"]).to_owned(),
            "mime_type" => "application/pdf".to_owned(),
            "street_1" => format!("{} {last_name} Street", 1 + random.below(200)),
            "street_2" => format!("Floor {}", 1 + random.below(20)),
            "city" | "location" | "locations" => place.city.to_owned(),
            "state" | "country_subdivision" => place.state.to_owned(),
            "postal_code" => place.postal_code.to_owned(),
            "country" => place.country.to_owned(),
            "phone_type" | "address_type" => random.of(&["WORK", "MOBILE", "HOME"]).to_owned(),
            "owner_type" => "CONTACT".to_owned(),
            "content" | "description" | "body" | "employee_note" | "subject" => random.of(TEXTS).to_owned(),
            "html_body" => format!("<p class=\"note\">{}</p>", random.of(WORDS)),
            "status" if model.kind == Kind::Connection => "valid".to_owned(),
            _ if has("email") => {
                let user = first_name.to_lowercase().replace(|c: char| !c.is_ascii(), "");
                format!("{user}.{}@example.org", random.below(100))
            }
            _ if has("phone") => format!("+1555{}", random.digits(7)),
            _ if has("url") || has("urls") => format!("https://{}.example/{}", self.provider, random.hex(12)),
            _ if is_uuid || name.starts_with("id_") || name == "id" || name.ends_with("_id") => random.uuid(),
            _ if has("price") || has("amount") || has("total") => {
                format!("{}.{}", 1 + random.below(500), 10 + random.below(90))
            }
            _ if has("number") => format!("{}-{}", random.hex(2).to_uppercase(), random.digits(5)),
            _ => random.of(WORDS).to_owned(),
        }
    }
}

/// Returns whether the sender writes a field. It omits the owner of emails and phone numbers in
/// created events.
fn is_sent(model: &Model, field: &Field) -> bool {
    let is_left_out = matches!(&*model.name, "Email" | "Phone") && field.name == "owner_type";
    field.presence == Presence::Always && !is_left_out
}

fn is_date(field: &Field) -> bool {
    field.fact.note.as_deref().is_some_and(|note| note.starts_with("date-only"))
}

fn is_person(model: &str) -> bool {
    matches!(model.strip_suffix("Row").unwrap_or(model), "User" | "Contact" | "Customer")
}

fn is_file(model: &str) -> bool {
    matches!(model.strip_suffix("Row").unwrap_or(model), "File" | "Attachment")
}

/// Returns whether a list of texts contains ids of other objects.
fn is_list_of_ids(field: &str, model: &str) -> bool {
    let is_other = field.ends_with("urls") || field == "locations" || model.starts_with("Product");
    !is_other
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn javascript(time: Timestamp) -> String {
    time.strftime("%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)").to_string()
}

const FIRST_NAMES: &[&str] = &["Ada", "Grace", "Zoë", "Linus", "Mina", "Paul"];
const LAST_NAMES: &[&str] = &["Lovelace", "Hopper", "O'Brien", "Müller", "Nguyễn", "da Silva"];
const PLACES: &[Place] = &[
    Place { city: "Zürich", state: "ZH", postal_code: "8004", country: "CH" },
    Place { city: "São Paulo", state: "SP", postal_code: "01310-100", country: "BR" },
    Place { city: "Boston", state: "MA", postal_code: "02108", country: "US" },
];
const COMPANIES: &[&str] = &["Acme \"Rockets\" Ltd", "Globex", "Café Nero & Söhne", "Initech"];
const WORDS: &[&str] = &["Invoice", "Roadmap", "Onboarding", "Quarterly", "Draft", "Standard"];
const TEXTS: &[&str] = &[
    "Called back as agreed.\nThey said: \"send the offer\".",
    "See C:\\offers\\2024 and the tab\there.",
    "Prix négocié à 1 200 € — d’accord.",
    "Login fails with 500 😕",
];

/// `SplitMix64`, whose sequence is the same on every platform.
struct Random(u64);

impl Random {
    fn seeded(text: &str) -> Self {
        Self(text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn of<'t, T: AsRef<str>>(&mut self, texts: &'t [T]) -> &'t str {
        let index = self.below(texts.len() as u64);
        texts[usize::try_from(index).unwrap()].as_ref()
    }

    fn digits(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(b'1' + u8::try_from(self.below(9)).unwrap())).collect()
    }

    fn hex(&mut self, length: usize) -> String {
        (0..length).fold(String::new(), |mut text, _| {
            write!(text, "{:x}", self.below(16)).unwrap();
            text
        })
    }

    /// Returns a UUID of version 4.
    fn uuid(&mut self) -> String {
        let variant = ["8", "9", "a", "b"];
        let variant = self.of(&variant).to_owned();
        format!("{}-{}-4{}-{variant}{}-{}", self.hex(8), self.hex(4), self.hex(3), self.hex(3), self.hex(12))
    }

    fn person(&mut self) -> (&'static str, &'static str) {
        (self.of(FIRST_NAMES), self.of(LAST_NAMES))
    }

    fn place(&mut self) -> &'static Place {
        &PLACES[usize::try_from(self.below(PLACES.len() as u64)).unwrap()]
    }
}
