//! `Extra`.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use serde_json::{Map, Value};

use super::field::Form;

/// The fields of an object that its model does not know, by name.
///
/// They are written again when the model is. `Debug` shows their names only: who knows what they hold.
#[derive(Clone, Default)]
pub struct Extra {
    fields: Map<String, Value>,
    /// The forms in which the known fields arrived, a bit for each.
    nulls: u64,
    texts: u64,
}

impl Extra {
    pub(crate) fn form(&self, index: usize) -> Form {
        let bit = 1 << index;
        Form { is_null: self.nulls & bit != 0, is_text: self.texts & bit != 0 }
    }

    pub(crate) fn set_form(&mut self, index: usize, form: Form) {
        self.nulls |= u64::from(form.is_null) << index;
        self.texts |= u64::from(form.is_text) << index;
    }
}

impl Deref for Extra {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.fields
    }
}

impl DerefMut for Extra {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.fields
    }
}

/// By the fields, whatever the form of those that the model knows.
impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}
