//! [`Extra`]: fields that a model does not know.

use std::{
    any::TypeId,
    fmt,
    ops::{Deref, DerefMut},
};

use serde_json::{Map, Value};

use super::field::Form;

/// The fields of an object that its model does not know, by name.
///
/// They are written again with the model, except for those that have the name of one of its fields.
/// `Debug` shows their names only, because the values may be sensitive.
#[derive(Clone, Default)]
pub struct Extra {
    fields: Map<String, Value>,
    forms: Option<Forms>,
}

/// The forms in which the known fields of a model arrived, one bit for each.
#[derive(Clone, Copy)]
struct Forms {
    /// The model, because an `Extra` can be moved into another model.
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

/// Compares the unknown fields, regardless of the forms of known ones.
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
