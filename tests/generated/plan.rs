//! The plan that follows from the facts: modules of enums and models.

use std::collections::HashMap;

use crate::facts::{self, Facts, Kind};

/// A module of `panora_hooks::models`.
pub struct Module {
    pub name: String,
    pub enums: Vec<OpenEnum>,
    pub models: Vec<Model>,
}

pub struct OpenEnum {
    pub name: String,
    pub values: Vec<String>,
    /// The fields with this type, such as `Ticket::status`.
    pub fields: Vec<String>,
}

pub struct Model {
    pub name: String,
    pub kind: Kind,
    pub table: Option<String>,
    pub fields: Vec<Field>,
    /// The models that have a field of this type.
    pub parents: Vec<String>,
}

pub struct Field {
    pub name: String,
    pub ty: Type,
    /// Whether every object has this field.
    pub is_id: bool,
    /// Whether events carry this field.
    pub presence: Presence,
    pub fact: facts::Field,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Always,
    Sometimes,
    Never,
}

#[derive(Clone, PartialEq)]
pub enum Type {
    Text,
    DateTime,
    Integer,
    Number,
    Bool,
    /// Any JSON value.
    Json,
    FieldMappings,
    Secret,
    Enum(String),
    Model(String),
    Expandable(Box<Type>),
    List(Box<Type>),
    Nullable(Box<Type>),
}

impl Type {
    /// Returns the type inside all lists and options.
    pub fn innermost(&self) -> &Self {
        match self {
            Self::Expandable(ty) | Self::List(ty) | Self::Nullable(ty) => ty.innermost(),
            ty => ty,
        }
    }
}

/// Fields that give access to a system, an identity or money, as pairs of model and name.
const SECRETS: &[(&str, &str)] = &[
    ("Connection", "access_token"),
    ("Connection", "refresh_token"),
    ("Connection", "connection_token"),
    ("SharedLink", "password"),
    ("SharedLinkRow", "password"),
    ("Employee", "ssn"),
    ("EmployeeRow", "ssn"),
    ("Dependent", "ssn"),
    ("DependentRow", "ssn"),
    ("BankInfo", "account_number"),
    ("BankInfo", "routing_number"),
    ("BankInfoRow", "account_number"),
    ("BankInfoRow", "routing_number"),
];

/// Fields that only sound like secrets: the kind of a token, whether there is a password, the
/// number of an account in the books.
const NO_SECRETS: &[(&str, &str)] = &[
    ("Connection", "token_type"),
    ("SharedLink", "password_protected"),
    ("SharedLinkRow", "password_protected"),
    ("Account", "account_number"),
    ("AccountRow", "account_number"),
    ("Contact", "tax_number"),
    ("ContactRow", "tax_number"),
    ("CompanyInfo", "tax_number"),
    ("CompanyInfoRow", "tax_number"),
];

/// Returns whether a field is hidden from logs. Every name that sounds like a secret must be in one
/// of the two lists.
fn is_secret(model: &str, field: &str) -> bool {
    let is_in = |list: &[(&str, &str)]| list.contains(&(model, field));
    let words = [
        "token",
        "secret",
        "password",
        "ssn",
        "key",
        "credential",
        "account_number",
        "routing",
        "tax_number",
    ];
    let sounds_like_it = words.iter().any(|word| field.contains(word));
    assert!(!sounds_like_it || is_in(SECRETS) || is_in(NO_SECRETS), "is `{model}::{field}` a secret?");
    is_in(SECRETS)
}

const VERTICALS: &[(&str, &str)] = &[
    ("connection", ""),
    ("passthrough", ""),
    ("crm", "Crm"),
    ("ticketing", "Ticketing"),
    ("filestorage", "FileStorage"),
    ("ecommerce", "Ecommerce"),
    ("accounting", "Accounting"),
    ("ats", "Ats"),
    ("hris", "Hris"),
    ("marketingautomation", "MarketingAutomation"),
];

pub fn modules(facts: &Facts) -> Vec<Module> {
    VERTICALS.iter().map(|(vertical, _)| module(vertical, facts)).collect()
}

fn module(vertical: &str, facts: &Facts) -> Module {
    let of_vertical: Vec<_> = facts.models.iter().filter(|model| model.vertical == vertical).collect();
    let mut ordered = Vec::new();
    for model in &of_vertical {
        let row = format!("{}Row", model.rust_name);
        if model.kind != Kind::DbRow {
            ordered.push(*model);
            ordered.extend(of_vertical.iter().copied().filter(|other| other.rust_name == row));
        }
    }
    let rest = of_vertical.iter().copied();
    let rest: Vec<_> = rest.filter(|model| !ordered.iter().any(|other| other.name == model.name)).collect();
    ordered.extend(rest);

    let mut enums = Enums::default();
    for model in ordered.iter().filter(|model| model.kind != Kind::DbRow) {
        enums.collect(&short_name(model), &model.fields);
    }
    let names = facts.by_name();
    let mut models: Vec<_> = ordered.iter().map(|model| plan(model, &names, &enums)).collect();
    let holders: Vec<(String, String)> = models
        .iter()
        .flat_map(|holder| {
            holder.fields.iter().filter_map(|field| match field.ty.innermost() {
                Type::Model(name) => Some((name.clone(), holder.name.clone())),
                _ => None,
            })
        })
        .collect();
    for model in &mut models {
        let parents = holders.iter().filter(|(name, _)| *name == model.name).map(|(_, holder)| holder);
        model.parents = parents.cloned().collect();
        model.parents.dedup();
    }
    // Omits models that are declared as a part but arrive as a row.
    models.retain(|model| model.kind != Kind::Nested || !model.parents.is_empty());
    Module { name: vertical.to_owned(), enums: enums.enums, models }
}

/// Returns the name without the prefix of the vertical, which the module provides.
fn short_name(model: &facts::Model) -> String {
    let (_, prefix) = VERTICALS.iter().find(|(vertical, _)| *vertical == model.vertical).unwrap();
    model.rust_name.strip_prefix(prefix).unwrap().to_owned()
}

fn plan(model: &facts::Model, names: &HashMap<&str, &facts::Model>, enums: &Enums) -> Model {
    let name = short_name(model);
    let declared: HashMap<_, _> = model.fields.iter().map(|field| (&field.name, field)).collect();
    let mut fields = Vec::new();
    for fact in model.emitted.as_ref().unwrap_or(&model.fields) {
        let mut fact = fact.clone();
        if let Some(declared) = declared.get(&fact.name) {
            fact.ts_type = fact.ts_type.or_else(|| declared.ts_type.clone());
        }
        let presence = match fact.always_present {
            Some(false) => Presence::Sometimes,
            _ => Presence::Always,
        };
        fields.push((fact, presence));
    }
    if let Some(emitted) = &model.emitted {
        let is_emitted = |name: &str| emitted.iter().any(|field| field.name == name);
        let others = model.fields.iter().filter(|field| !is_emitted(&field.name));
        fields.extend(others.map(|fact| (fact.clone(), Presence::Never)));
    }
    let own_id = match model.kind {
        Kind::Connection => Some("id_connection"),
        Kind::DbRow => model.fields.first().map(|field| field.name.as_str()),
        Kind::Unified => Some("id"),
        Kind::Nested | Kind::Other => None,
    };
    let fields = fields.into_iter().map(|(fact, presence)| Field {
        name: fact.name.clone(),
        ty: match enums.of(&name, &fact.name) {
            Some(open_enum) if fact.json.ty.as_deref() == Some("array") => {
                Type::List(Box::new(Type::Enum(open_enum)))
            }
            Some(open_enum) => Type::Enum(open_enum),
            None if is_secret(&name, &fact.name) => Type::Secret,
            None => ty(&fact, names),
        },
        is_id: own_id == Some(&fact.name),
        presence,
        fact,
    });
    Model {
        kind: model.kind,
        table: model.table.clone(),
        fields: fields.collect(),
        parents: Vec::new(),
        name,
    }
}

fn ty(fact: &facts::Field, names: &HashMap<&str, &facts::Model>) -> Type {
    if fact.name == "field_mappings" {
        return Type::FieldMappings;
    }
    if fact.note.as_deref().is_some_and(|note| note.starts_with("integer as JSON number")) {
        return Type::Integer;
    }
    if fact.ts_type.as_deref() == Some("Date") {
        return Type::DateTime;
    }
    let mut json = fact.json.clone();
    if let Some(source) = &fact.source_json_type {
        json.ty = Some(source.clone());
        json.format.clone_from(&fact.source_format);
    }
    match json_ty(&json, names) {
        // The facts list a few times as plain text, although they have the same form as the others.
        Type::Text if fact.name.ends_with("_at") => Type::DateTime,
        ty => ty,
    }
}

fn json_ty(json: &facts::Json, names: &HashMap<&str, &facts::Model>) -> Type {
    if let Some([text, object]) = json.one_of.as_deref()
        && text.ty.as_deref() == Some("string")
        && object.r#ref.is_some()
    {
        return Type::Expandable(Box::new(json_ty(object, names)));
    }
    match (json.ty.as_deref().unwrap(), json.format.as_deref()) {
        ("string", Some("date-time" | "js-date-string")) => Type::DateTime,
        ("string", Some("bigint-decimal")) | ("integer", _) => Type::Integer,
        ("string", _) => Type::Text,
        ("number", _) => Type::Number,
        ("boolean", _) => Type::Bool,
        ("array", _) => Type::List(Box::new(match &json.items {
            Some(items) if items.nullable => Type::Nullable(Box::new(json_ty(items, names))),
            Some(items) => json_ty(items, names),
            None => Type::Json,
        })),
        ("object", _) => match &json.r#ref {
            Some(name) => Type::Model(short_name(names[name.as_str()])),
            None => Type::Json,
        },
        ("any" | "union", _) => Type::Json,
        (other, _) => panic!("{other}"),
    }
}

/// The enums of a module, and the fields that have them.
#[derive(Default)]
struct Enums {
    enums: Vec<OpenEnum>,
    by_field: HashMap<(String, String), usize>,
}

impl Enums {
    fn collect(&mut self, model: &str, fields: &[facts::Field]) {
        for field in fields {
            let values = field.written_values.as_ref().or(field.r#enum.as_ref());
            let Some(values) = values.or(field.documented_values.as_ref()) else { continue };
            let suffix = format!("::{}", field.name);
            let known = self
                .enums
                .iter()
                .position(|open_enum| open_enum.values == *values && open_enum.fields[0].ends_with(&suffix));
            let index = if let Some(index) = known {
                let open_enum = &mut self.enums[index];
                // An enum shared by unrelated models is named after the field alone.
                if !model.starts_with(open_enum.fields[0].strip_suffix(&suffix).unwrap()) {
                    open_enum.name = camel_case(&field.name);
                }
                index
            } else {
                let name = enum_name(model, field);
                self.enums.push(OpenEnum { name, values: values.clone(), fields: Vec::new() });
                self.enums.len() - 1
            };
            self.by_field.insert((model.to_owned(), field.name.clone()), index);
            self.enums[index].fields.push(format!("{model}::{}", field.name));
        }
    }

    /// Returns the enum of a field. A row has the values of its object, since the sender derives
    /// one from the other. The `type` of a ticket is `ticket_type` in its row.
    fn of(&self, model: &str, field: &str) -> Option<String> {
        let object = model.strip_suffix("Row").unwrap_or(model);
        let key = |name: &str| (object.to_owned(), name.to_owned());
        let index = self.by_field.get(&key(field)).or_else(|| {
            let name = field.strip_prefix(&format!("{}_", snake_case(object)))?;
            self.by_field.get(&key(name))
        });
        index.map(|index| self.enums[*index].name.clone())
    }
}

/// Returns `TicketStatus` for the `status` of a `Ticket`, and `OrderStatus` for the `order_status`
/// of an `Order`.
fn enum_name(model: &str, field: &facts::Field) -> String {
    let model = camel_words(model);
    let words: Vec<_> = field.name.split('_').map(camel_case).collect();
    let overlap = (0..=model.len().min(words.len()))
        .rev()
        .find(|&length| model[model.len() - length..] == words[..length])
        .unwrap();
    let name = [model.concat(), words[overlap..].concat()].concat();
    let is_list = field.json.ty.as_deref() == Some("array");
    if is_list { name.strip_suffix('s').unwrap().to_owned() } else { name }
}

/// Returns the words of a name in `CamelCase`, unchanged.
pub fn camel_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if !c.is_ascii_uppercase() => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    words
}

pub fn camel_case(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters.map(|letter| letter.to_ascii_lowercase()))
        })
        .collect()
}

pub fn snake_case(text: &str) -> String {
    camel_words(text).join("_").to_ascii_lowercase()
}
