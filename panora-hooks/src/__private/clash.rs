//! Finds the entries of a list that name the same pattern, at compile time.

use super::{message::Message, text::same};
use crate::hook::Definition;

/// The facts about an entry of a list that are known at compile time.
#[derive(Debug, Clone, Copy)]
pub struct Listed {
    /// Its position among all entries, including those that another configuration leaves out.
    pub position: usize,
    /// The path as written.
    pub name: &'static str,
    /// The definition of the hook.
    pub definition: Definition,
}

/// An entry that names a pattern of an earlier entry.
#[derive(Debug, Clone, Copy)]
pub struct Clash {
    pattern: &'static str,
    earlier: &'static str,
}

/// The first clash of each entry, by position.
pub type Clashes = [Option<Clash>];

/// Finds the clashes of a list.
///
/// Uses a hash table of `SLOTS` slots: comparing all pairs took longer than checking the hooks
/// themselves.
#[must_use]
pub const fn clashes<const POSITIONS: usize, const SLOTS: usize>(
    listed: &[Listed],
) -> [Option<Clash>; POSITIONS] {
    let mut clashes = [None; POSITIONS];
    let mut slots: [Option<(&str, usize)>; SLOTS] = [None; SLOTS];
    let mut entry = 0;
    while entry < listed.len() {
        let patterns = listed[entry].definition.patterns;
        let mut index = 0;
        while index < patterns.len() {
            let pattern = patterns[index];
            let mut slot = hash(pattern) % SLOTS;
            loop {
                match slots[slot] {
                    None => {
                        slots[slot] = Some((pattern, entry));
                        break;
                    }
                    Some((other, earlier)) if same(pattern, other) => {
                        let clash = &mut clashes[listed[entry].position];
                        if clash.is_none() {
                            *clash = Some(Clash { pattern, earlier: listed[earlier].name });
                        }
                        break;
                    }
                    Some(_) => slot = (slot + 1) % SLOTS,
                }
            }
            index += 1;
        }
        entry += 1;
    }
    clashes
}

/// Returns the number of slots that [`clashes`] needs.
#[must_use]
pub const fn slots(listed: &[Listed]) -> usize {
    let mut patterns = 0;
    let mut entry = 0;
    while entry < listed.len() {
        patterns += listed[entry].definition.patterns.len();
        entry += 1;
    }
    2 * patterns + 1
}

/// Stops the build at an entry that clashes with an earlier one.
///
/// # Panics
///
/// Panics at such an entry, with a message that names both hooks.
#[track_caller]
pub const fn assert_unclaimed(clashes: &Clashes, position: usize) {
    #[expect(clippy::panic, reason = "it runs in the compiler, where this is an error")]
    if let Some(Clash { pattern, earlier }) = clashes[position] {
        panic!(
            "{}",
            Message::new("event `")
                .with(pattern)
                .with("` is already handled by `")
                .with(earlier)
                .with("`, listed before it")
                .text()
        );
    }
}

/// FNV-1a.
const fn hash(text: &str) -> usize {
    let text = text.as_bytes();
    let mut hash = 0x811c_9dc5_u32;
    let mut index = 0;
    while index < text.len() {
        hash = (hash ^ text[index] as u32).wrapping_mul(0x0100_0193);
        index += 1;
    }
    hash as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOTS: usize = 7;

    fn listed(patterns: Vec<&'static [&'static str]>) -> Vec<Listed> {
        let definition = |patterns| Definition {
            name: "",
            patterns,
            is_unlisted: true,
            timeout: None,
            attempts: None,
            concurrency: None,
            serial: None,
            transaction: None,
            file: "",
            line: 1,
        };
        let names = ["first", "second", "third", "fourth"];
        let entries = patterns.into_iter().zip(names).enumerate();
        entries
            .map(|(position, (patterns, name))| Listed { position, name, definition: definition(patterns) })
            .collect()
    }

    /// Two patterns whose search begins at the same slot.
    fn colliding() -> [&'static str; 2] {
        let slot = |pattern: &str| hash(pattern) % SLOTS;
        let others = ["b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"];
        let other = others.into_iter().find(|other| slot(other) == slot("a"));
        ["a", other.expect("two of 16 patterns share one of 7 slots")]
    }

    #[test]
    fn a_clash_is_found_behind_a_pattern_with_the_same_hash() {
        let [first, second] = colliding();
        let patterns: [&'static [&'static str]; 2] = [vec![first].leak(), vec![second].leak()];
        let listed = listed(vec![patterns[0], patterns[1], patterns[1], patterns[0]]);
        let clashes = clashes::<4, SLOTS>(&listed);
        let found: Vec<_> =
            clashes.iter().map(|clash| clash.map(|clash| (clash.pattern, clash.earlier))).collect();
        assert_eq!(found, [None, None, Some((second, "second")), Some((first, "first"))]);
    }

    #[test]
    fn each_entry_reports_its_first_clash_with_the_earliest_entry() {
        let listed = listed(vec![&["a", "b"], &["c"], &["c", "a"], &["b", "c"]]);
        let clashes = clashes::<4, { 2 * 7 + 1 }>(&listed);
        let found: Vec<_> =
            clashes.iter().map(|clash| clash.map(|clash| (clash.pattern, clash.earlier))).collect();
        assert_eq!(found, [None, None, Some(("c", "second")), Some(("b", "first"))]);
        assert_eq!(slots(&listed), 15);
    }
}
