//! How what was signed is made of what arrived.

use std::borrow::Cow;

use panora_hooks::{
    __cli::{Json, Node},
    catalogue,
    testing::sample,
};

use super::{
    cause::Cause,
    edge::Edge,
    order,
    reading::Part,
    writing::{JAVASCRIPT, KEPT, WRITINGS, Writing},
};

/// One way from a part of a body to what was signed. The default is the part as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Recipe {
    writing: Option<&'static Writing>,
    order: Order,
    /// Text that arrived in a string was signed without it, or the reverse.
    is_moved: bool,
    /// How the string around the text was written, where it is not [`JAVASCRIPT`]'s way.
    quoting: Option<&'static Writing>,
    edge: Option<(Side, Edge)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Order {
    #[default]
    Arrived,
    Alphabetical,
    Senders,
}

/// Inside the string around a text, or outside.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Inside,
    Outside,
}

/// More changes at once are not looked for.
pub(super) const MAX_CHANGES: usize = 3;

/// A part of a body, and what recipes need to know of it.
pub(super) struct Source<'p> {
    pub(super) part: &'p Part<'p>,
    /// The value in it, if it is JSON.
    pub(super) node: Option<Node<'p>>,
    /// A payload of the event's type, with its keys in the sender's order.
    pub(super) model: Option<Json>,
}

impl<'p> Source<'p> {
    pub(super) fn new(part: &'p Part<'p>) -> Self {
        let model = part.wire_type.as_deref().and_then(catalogue::find);
        let model = model.and_then(|known| Json::parse(&sample(known.name()).payload()).ok());
        Self { part, node: part.text.as_deref().and_then(|text| Node::parse(text).ok()), model }
    }
}

impl Recipe {
    /// Every recipe for a part, those with the fewest changes first.
    pub(super) fn all(source: &Source<'_>) -> Vec<Self> {
        let mut recipes = Vec::new();
        for writing in std::iter::once(None).chain(WRITINGS.iter().map(Some)) {
            for order in [Order::Arrived, Order::Alphabetical, Order::Senders] {
                for is_moved in [false, true] {
                    for quoting in std::iter::once(None).chain(WRITINGS.iter().map(Some)) {
                        for edge in edges() {
                            let recipe = Self { writing, order, is_moved, quoting, edge };
                            if recipe.fits(source) && recipe.causes(source.part).count() <= MAX_CHANGES {
                                recipes.push(recipe);
                            }
                        }
                    }
                }
            }
        }
        recipes.sort_by_cached_key(|recipe| recipe.causes(source.part).count());
        recipes
    }

    /// Those that lead to what the sender writes: JSON on one line, in a string or, by some deployments, not.
    pub(super) fn is_senders(&self) -> bool {
        self.writing.is_none_or(|writing| *writing == JAVASCRIPT)
            && self.quoting.is_none()
            && self.edge.is_none()
    }

    /// Those for a value whose keys were in an order of the sender's that is still to be found.
    pub(super) fn of_senders_order() -> impl Iterator<Item = Self> {
        [false, true].into_iter().flat_map(|is_moved| {
            let recipe = Self { order: Order::Senders, is_moved, ..Self::default() };
            [recipe.clone(), Self { writing: Some(&JAVASCRIPT), ..recipe }]
        })
    }

    /// What happened if this is what was signed.
    pub(super) fn causes(&self, part: &Part<'_>) -> impl Iterator<Item = Cause> + use<> {
        let body = part.is_body.then_some(Cause::WholeBody);
        let moved = if part.is_string { Cause::DataEncoded } else { Cause::DataDecoded };
        let moved = self.is_moved.then_some(moved);
        let writing =
            self.writing.or(self.quoting).map(|Writing { name, .. }| Cause::Rewritten { writing: name });
        let order = (self.order != Order::Arrived).then_some(Cause::Reordered);
        let edge = self.edge.map(|(_, edge)| edge.cause());
        body.into_iter().chain(moved).chain(writing).chain(order).chain(edge)
    }

    /// Whether it is a recipe for this part, and differs from the others.
    fn fits(&self, Source { part, node, model }: &Source<'_>) -> bool {
        let is_string = part.is_string != self.is_moved;
        let is_inside = matches!(self.edge, Some((Side::Inside, _)));
        !(part.is_body && self.is_moved)
            && (is_string || !is_inside && self.quoting.is_none())
            && match (self.writing, self.quoting) {
                // One program writes both.
                (Some(writing), Some(quoting)) => writing == quoting,
                (None, Some(quoting)) => quoting.quotes_its_own_way() && self.order == Order::Arrived,
                (_, None) => true,
            }
            && (self.order != Order::Senders || model.is_some())
            && (self.order == Order::Arrived && self.writing.is_none() || node.is_some())
    }

    /// What was signed, if the recipe can be followed.
    pub(super) fn follow(&self, source: &Source<'_>) -> Option<Vec<u8>> {
        let is_inside = matches!(self.edge, Some((Side::Inside, _)));
        let is_as_it_is = self.writing.is_none() && self.order == Order::Arrived && self.quoting.is_none();
        let text = if is_as_it_is && !self.is_moved && !is_inside {
            Cow::Borrowed(source.part.bytes)
        } else {
            self.write(source)?.into()
        };
        match self.edge {
            Some((Side::Outside, edge)) => edge.undo(&text),
            _ => Some(text.into_owned()),
        }
    }

    fn write(&self, Source { part, node, model }: &Source<'_>) -> Option<Vec<u8>> {
        if self.writing.is_none() && self.order == Order::Arrived {
            return self.finish(Cow::Borrowed(part.text.as_deref()?), part);
        }
        let arrived = node.as_ref()?;
        let mut node = Cow::Borrowed(arrived);
        match self.order {
            Order::Arrived => {}
            Order::Alphabetical => order::sort(node.to_mut()),
            Order::Senders => order::arrange(node.to_mut(), model.as_ref()?),
        }
        if self.order != Order::Arrived && *node == *arrived {
            return None;
        }
        self.write_value(&node, part)
    }

    /// What was signed if this was its value, whatever the order of its keys is.
    pub(super) fn write_value(&self, node: &Node<'_>, part: &Part<'_>) -> Option<Vec<u8>> {
        self.finish(self.writing.unwrap_or(&KEPT).write(node).into(), part)
    }

    fn finish(&self, mut text: Cow<'_, str>, part: &Part<'_>) -> Option<Vec<u8>> {
        if let Some((Side::Inside, edge)) = self.edge {
            text = String::from_utf8(edge.undo(text.as_bytes())?).ok()?.into();
        }
        let is_string = part.is_string != self.is_moved;
        let quoting = self.quoting.unwrap_or(&JAVASCRIPT);
        Some(if is_string { quoting.quote(&text).into_bytes() } else { text.into_owned().into_bytes() })
    }
}

fn edges() -> impl Iterator<Item = Option<(Side, Edge)>> {
    let sides = [Side::Inside, Side::Outside].into_iter();
    let edges = sides.flat_map(|side| Edge::ALL.map(|edge| Some((side, edge))));
    std::iter::once(None).chain(edges)
}
