//! `Extra`.

use std::{
    any::TypeId,
    fmt,
    ops::{Deref, DerefMut},
};

use serde_json::{Map, Value};

use super::field::Form;

/// The fields of an object that its model does not know, by name.
///
/// They are written again when the model is, but for those that have the name of a field of the model's.
/// `Debug` shows their names only: who knows what they hold.
#[derive(Clone, Default)]
pub struct Extra {
    fields: Map<String, Value>,
    forms: Option<Forms>,
}

/// The forms in which the fields that a model knows arrived, a bit for each.
#[derive(Clone, Copy)]
struct Forms {
    /// The model: nothing keeps this from being moved into another.
    model: TypeId,
    nulls: u64,
    texts: u64,
}

impl Extra {
    pub(crate) fn form<M: 'static>(&self, index: usize) -> Form {
        let forms = self.forms.filter(|forms| forms.model == TypeId::of::<M>());
        forms.map_or_else(Form::default, |Forms { nulls, texts, .. }| Form {
            is_null: nulls & (1 << index) != 0,
            is_text: texts & (1 << index) != 0,
        })
    }

    pub(crate) fn set_form<M: 'static>(&mut self, index: usize, form: Form) {
        let none = Forms { model: TypeId::of::<M>(), nulls: 0, texts: 0 };
        let forms = self.forms.get_or_insert(none);
        forms.nulls |= u64::from(form.is_null) << index;
        forms.texts |= u64::from(form.is_text) << index;
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
