//! The content of `facts/models.json`; its `meta` explains the fields.

use std::{collections::HashMap, fs};

use serde::Deserialize;

#[derive(Deserialize)]
pub struct Facts {
    pub models: Vec<Model>,
}

#[derive(Deserialize)]
pub struct Model {
    pub name: String,
    pub rust_name: String,
    pub vertical: String,
    pub kind: Kind,
    pub table: Option<String>,
    pub fields: Vec<Field>,
    pub emitted: Option<Vec<Field>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Unified,
    Nested,
    DbRow,
    Connection,
    Other,
}

#[derive(Deserialize, Clone)]
pub struct Field {
    pub name: String,
    #[serde(flatten)]
    pub json: Json,
    #[serde(default)]
    pub nullable: bool,
    pub always_present: Option<bool>,
    pub documented_values: Option<Vec<String>>,
    pub r#enum: Option<Vec<String>>,
    pub written_values: Option<Vec<String>>,
    pub ts_type: Option<String>,
    pub source_json_type: Option<String>,
    pub source_format: Option<String>,
    pub note: Option<String>,
}

#[derive(Deserialize, Clone, Default)]
pub struct Json {
    #[serde(rename = "json_type")]
    pub ty: Option<String>,
    pub format: Option<String>,
    pub items: Option<Box<Json>>,
    pub r#ref: Option<String>,
    pub one_of: Option<Vec<Json>>,
    /// Whether elements can be `null`.
    #[serde(default)]
    pub nullable: bool,
    /// The TypeScript type of an object that has no model.
    pub inline: Option<String>,
}

impl Facts {
    pub fn read() -> Self {
        serde_json::from_slice(&fs::read("facts/models.json").unwrap()).unwrap()
    }

    /// Returns the models by the name that references use.
    pub fn by_name(&self) -> HashMap<&str, &Model> {
        self.models.iter().map(|model| (model.name.as_str(), model)).collect()
    }
}
