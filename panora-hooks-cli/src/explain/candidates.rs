//! The texts that may have been signed, derived from a body as it arrived.

use std::cell::OnceCell;

use panora_hooks::{
    __cli::{Json, Node},
    catalogue,
    testing::sample,
};

use super::{
    cause::Cause,
    encoding::Part,
    key_order,
    serializers::{JAVASCRIPT, KEPT, SERIALIZERS, Serializer},
};

/// A part of a body, with its parsed forms.
pub(super) struct Source<'p> {
    pub(super) part: &'p Part<'p>,
    /// The value in the part, parsed on first use; `None` if the part is not JSON.
    arrived: OnceCell<Option<Node<'p>>>,
    /// The value with its keys in the sender's order, computed on first use; `None` if the keys are
    /// in that order already.
    arranged: OnceCell<Option<Node<'p>>>,
}

/// The difference between the signed text and the part that arrived.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Change {
    order: Order,
    /// The program that wrote the value as it was signed; `None` if the text was not rewritten.
    serializer: Option<&'static Serializer>,
    /// The program that wrote the string around the text, if it was not JavaScript.
    quoting: Option<&'static Serializer>,
    /// Whether the text was in a string on one side only, either when signed or on arrival.
    is_moved: bool,
    newline: Option<Newline>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Order {
    #[default]
    Arrived,
    Alphabetical,
    Senders,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Newline {
    /// The text that arrived ends with a newline, as editors add it.
    Added,
    /// The signed text ended with a newline, as `echo` prints it.
    Lost,
    /// The signed text inside the string ended with a newline.
    LostInside,
}

impl<'p> Source<'p> {
    pub(super) fn new(part: &'p Part<'p>) -> Self {
        Self { part, arrived: OnceCell::new(), arranged: OnceCell::new() }
    }

    fn arrived(&self) -> Option<&Node<'p>> {
        let parse = || self.part.text.as_deref().and_then(|text| Node::parse(text).ok());
        self.arrived.get_or_init(parse).as_ref()
    }

    fn arranged(&self) -> Option<&Node<'p>> {
        let arrange = || {
            let known = catalogue::find(self.part.wire_type.as_deref()?)?;
            let sample = Json::parse(&sample(known.name()).payload()).ok()?;
            self.reordered(|node| key_order::arrange(node, &sample))
        };
        self.arranged.get_or_init(arrange).as_ref()
    }

    /// Returns the value with its keys in another order, or `None` if they arrived in that order.
    fn reordered(&self, reorder: impl FnOnce(&mut Node<'p>)) -> Option<Node<'p>> {
        let arrived = self.arrived()?;
        let mut node = arrived.clone();
        reorder(&mut node);
        (node != *arrived).then_some(node)
    }
}

impl Change {
    /// Returns the changes on the way from the sender. The sender signs the output of JavaScript,
    /// and a program in between decodes `data`, rewrites its JSON, or sorts its keys.
    pub(super) fn on_the_way(part: &Part<'_>) -> Vec<Self> {
        if part.is_body {
            return Vec::new();
        }
        let mut changes = vec![
            Self { newline: Some(Newline::Added), ..Self::default() },
            Self { quoting: Some(&JAVASCRIPT), ..Self::default() },
        ];
        for order in [Order::Arrived, Order::Senders] {
            for is_moved in [false, true] {
                for serializer in [None, Some(&JAVASCRIPT)] {
                    changes.push(Self { order, serializer, is_moved, ..Self::default() });
                }
            }
        }
        changes
    }

    /// Returns the differences between the text that another sender, such as a test script, signed
    /// and the text that it sent.
    pub(super) fn by_others(part: &Part<'_>) -> Vec<Self> {
        let mut changes: Vec<_> =
            [None, Some(Newline::Added), Some(Newline::Lost), Some(Newline::LostInside)]
                .map(|newline| Self { newline, ..Self::default() })
                .into();
        changes.push(Self { order: Order::Alphabetical, ..Self::default() });
        let quoting = || SERIALIZERS.iter().filter(|serializer| serializer.quotes_its_own_way());
        changes.extend(quoting().map(|quoting| Self { quoting: Some(quoting), ..Self::default() }));
        for is_moved in [false, true].into_iter().filter(|is_moved| !(part.is_body && *is_moved)) {
            for serializer in SERIALIZERS {
                let change = Self { serializer: Some(serializer), is_moved, ..Self::default() };
                changes.extend([change, Self { quoting: Some(serializer), ..change }]);
            }
        }
        changes
    }

    /// Returns the causes that this change stands for.
    pub(super) fn causes(&self, part: &Part<'_>) -> impl Iterator<Item = Cause> + use<> {
        let body = part.is_body.then_some(Cause::WholeBody);
        let moved = if part.is_string { Cause::DataEncoded } else { Cause::DataDecoded };
        let moved = self.is_moved.then_some(moved);
        let serializer = self.serializer.or(self.quoting);
        let rewritten = serializer.map(|serializer| Cause::Rewritten { writing: serializer.name });
        let order = (self.order != Order::Arrived).then_some(Cause::Reordered);
        let newline = self.newline.map(|newline| match newline {
            Newline::Added => Cause::NewlineAdded,
            Newline::Lost | Newline::LostInside => Cause::NewlineLost,
        });
        [body, moved, rewritten, order, newline].into_iter().flatten()
    }

    /// Returns the signed text, or `None` if the part cannot have been changed in this way.
    pub(super) fn undo(&self, source: &Source<'_>) -> Option<Vec<u8>> {
        let Self { order, serializer, quoting, is_moved, newline } = *self;
        let part = source.part;
        let is_string = part.is_string != is_moved;
        if !is_string && (quoting.is_some() || newline == Some(Newline::LostInside)) {
            return None;
        }
        let is_kept = order == Order::Arrived && serializer.is_none();
        let mut bytes = match newline {
            // The bytes as they are, whether or not they are JSON.
            None | Some(Newline::Lost) if is_kept && quoting.is_none() && !is_moved => part.bytes.to_vec(),
            _ => {
                let text = part.text.as_deref()?;
                let mut text = if is_kept { text.to_owned() } else { self.write(source)? };
                match newline {
                    Some(Newline::Added) => text.truncate(without_newline(&text)?.len()),
                    Some(Newline::LostInside) => text.push('\n'),
                    _ => {}
                }
                if is_string { quoting.unwrap_or(&JAVASCRIPT).quote(&text) } else { text }.into_bytes()
            }
        };
        if newline == Some(Newline::Lost) {
            bytes.push(b'\n');
        }
        Some(bytes)
    }

    fn write(&self, source: &Source<'_>) -> Option<String> {
        let serializer = self.serializer.unwrap_or(&KEPT);
        Some(match self.order {
            Order::Arrived => serializer.write(source.arrived()?),
            Order::Alphabetical => serializer.write(&source.reordered(key_order::sort)?),
            Order::Senders => serializer.write(source.arranged()?),
        })
    }
}

fn without_newline(text: &str) -> Option<&str> {
    text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n'))
}
