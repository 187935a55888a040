//! Texts from outside, such as ids, types and errors, as HTML.

use std::fmt::Write;

use maud::{Escaper, Render};

/// A text that anyone may have written.
///
/// It is escaped, cut to a number of characters, and isolated from the direction of the text around
/// it. Control and format characters are shown as escapes, so that no character is invisible or
/// reorders others.
#[derive(Clone, Copy)]
pub(crate) struct Foreign<'t> {
    text: &'t str,
    max_chars: usize,
    keeps_lines: bool,
}

impl<'t> Foreign<'t> {
    /// A text in a table.
    pub(crate) fn short(text: &'t str) -> Self {
        Self { text, max_chars: 256, keeps_lines: false }
    }

    /// A text with room for itself, such as an error of 4 KiB.
    pub(crate) fn long(text: &'t str) -> Self {
        Self { text, max_chars: 4096, keeps_lines: false }
    }

    /// An error with its lines.
    pub(crate) fn error(text: &'t str) -> Self {
        Self { keeps_lines: true, ..Self::long(text) }
    }

    /// A text whose lines are kept, and whose writer has bounded its length.
    pub(crate) fn lines(text: &'t str) -> Self {
        Self { text, max_chars: usize::MAX, keeps_lines: true }
    }
}

impl Render for Foreign<'_> {
    fn render_to(&self, html: &mut String) {
        html.push_str("<bdi>");
        let mut chars = self.text.chars();
        for c in chars.by_ref().take(self.max_chars) {
            if self.keeps_lines && c == '\n' {
                html.push('\n');
            } else if is_hidden(c) {
                html.push_str("<span class=\"escape\">");
                html.extend(c.escape_default());
                html.push_str("</span>");
            } else {
                // Cannot fail: the buffer grows.
                let _ = Escaper::new(html).write_char(c);
            }
        }
        if chars.next().is_some() {
            html.push('…');
        }
        html.push_str("</bdi>");
    }
}

/// Returns the first 128 characters of a text, with escapes in place of hidden ones, for words
/// without markup: sentences, which are also logged and stored in the audit, and labels.
pub(crate) fn visible(text: &str) -> String {
    let mut chars = text.chars();
    let mut visible = String::new();
    for c in chars.by_ref().take(128) {
        if is_hidden(c) { visible.extend(c.escape_default()) } else { visible.push(c) }
    }
    if chars.next().is_some() {
        visible.push('…');
    }
    visible
}

/// Returns whether a character is invisible or changes how others are shown: control characters and
/// the format characters of Unicode.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(foreign: Foreign<'_>) -> String {
        foreign.render().into_string()
    }

    #[test]
    fn markup_is_escaped() {
        let shown = html(Foreign::short("<script>\"&'</script>"));
        assert!(!shown.contains("<script>") && shown.contains("&lt;script&gt;&quot;&amp;"), "{shown}");
    }

    #[test]
    fn hidden_characters_are_visible_and_the_direction_is_isolated() {
        for (text, escape) in [
            ("\u{202e}", "\\u{202e}"),
            ("\n", "\\n"),
            ("\u{1b}", "\\u{1b}"),
            ("\0", "\\u{0}"),
            ("\u{fe0f}", "\\u{fe0f}"),
        ] {
            let shown = html(Foreign::short(text));
            assert_eq!(shown, format!("<bdi><span class=\"escape\">{escape}</span></bdi>"));
        }
        assert_eq!(html(Foreign::lines("a\nb\r")), "<bdi>a\nb<span class=\"escape\">\\r</span></bdi>");
        assert_eq!(html(Foreign::short("größe 日本")), "<bdi>größe 日本</bdi>");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(html(Foreign::short(&"é".repeat(257))), format!("<bdi>{}…</bdi>", "é".repeat(256)));
        assert_eq!(html(Foreign::short(&"é".repeat(256))), format!("<bdi>{}</bdi>", "é".repeat(256)));
        assert!(html(Foreign::long(&"x".repeat(100_000))).len() < 5000);
        assert_eq!(html(Foreign::error(&"\n".repeat(5000))), format!("<bdi>{}…</bdi>", "\n".repeat(4096)));
    }
}
