//! Bodies that arrive inside something else, such as the event object of a gateway.

use base64::{Engine, prelude::BASE64_STANDARD};
use panora_hooks::__cli::{self, Envelope, Node};
use reqwest::Url;

use super::cause::Cause;

/// The depth of the search: gateways and queues put bodies into fields of objects in lists.
const MAX_DEPTH: usize = 4;

/// The first bytes of compressed data.
const COMPRESSED: [(&[u8], &str); 7] = [
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x1f\x9d", "compress"),
    (b"\x78\x01", "deflate"),
    (b"\x78\x5e", "deflate"),
    (b"\x78\x9c", "deflate"),
    (b"\x78\xda", "deflate"),
];

/// Returns the compression of a body, by its first bytes, or by its header `Content-Encoding` if it
/// is not text.
pub(super) fn compression(body: &[u8], header: Option<&[u8]>) -> Option<&'static str> {
    let by_bytes = COMPRESSED.iter().find(|(start, _)| body.starts_with(start)).map(|(_, name)| *name);
    by_bytes.or_else(|| {
        let header = header.filter(|_| str::from_utf8(body).is_err())?.trim_ascii().to_ascii_lowercase();
        ["br", "gzip", "deflate", "zstd", "compress"]
            .into_iter()
            .find(|name| header.ends_with(name.as_bytes()))
    })
}

/// Takes a body out of its wrapping. Returns `None` if there is none of the sender's bodies inside.
pub(super) fn unwrap(body: &[u8]) -> Option<(Cause, Vec<u8>)> {
    if let Some(text) = from_utf16(body) {
        return Envelope::parse(&text).is_ok().then(|| (Cause::Utf16, text.into_bytes()));
    }
    let text = str::from_utf8(body).ok()?.trim_start_matches('\u{feff}').trim_ascii();
    if Envelope::parse(text).is_ok() {
        return None;
    }
    if let Some(inside) = from_base64(text) {
        return Some((Cause::Base64, inside));
    }
    if let Ok(node) = Node::parse(text) {
        let inside = inside(&node, MAX_DEPTH)?;
        let is_string = matches!(node, Node::Token(_));
        return Some((if is_string { Cause::BodyAsString } else { Cause::Wrapped }, inside));
    }
    from_form(text).map(|inside| (Cause::FormEncoded, inside))
}

/// Returns the first body in a value.
fn inside(node: &Node<'_>, depth: usize) -> Option<Vec<u8>> {
    let depth = depth.checked_sub(1)?;
    match node {
        Node::Token(token) => {
            let text: String = token.starts_with('"').then(|| __cli::from_str(token).ok())??;
            from_base64(&text).or_else(|| body(text.into_bytes()))
        }
        Node::List(items) => items.iter().find_map(|item| inside(item, depth)),
        Node::Object(members) => members.iter().find_map(|(_, value)| inside(value, depth)).or_else(|| {
            // Last, because an object inside another one has to be written again.
            let text = super::serializers::KEPT.write(node);
            body(text.into_bytes())
        }),
    }
}

/// Returns the bytes if they are a body of the sender, or possibly a compressed one.
fn body(bytes: Vec<u8>) -> Option<Vec<u8>> {
    let is_body = str::from_utf8(&bytes).is_ok_and(|text| Envelope::parse(text).is_ok());
    (is_body || compression(&bytes, None).is_some()).then_some(bytes)
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let is_space = |c: char| c.is_ascii_whitespace();
    let text: String = text.chars().filter(|c| !is_space(*c)).collect();
    let text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    body(BASE64_STANDARD.decode(text + &padding).ok()?)
}

/// Reads UTF-16 with or without a byte order mark.
fn from_utf16(body: &[u8]) -> Option<String> {
    let (pairs, []) = body.as_chunks::<2>() else { return None };
    let is_little = match body {
        [0xff, 0xfe, ..] | [b'{', 0, ..] => true,
        [0xfe, 0xff, ..] | [0, b'{', ..] => false,
        _ => return None,
    };
    let unit = |pair: &[u8; 2]| if is_little { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) };
    let units: Vec<_> = pairs.iter().map(unit).filter(|unit| *unit != 0xfeff).collect();
    String::from_utf16(&units).ok()
}

/// Parses the fields of a form. Names are searched, too: a body that is mistaken for a form becomes
/// the name of a field.
fn from_form(text: &str) -> Option<Vec<u8>> {
    if let Some(name) = text.strip_suffix('=').and_then(|name| body(name.as_bytes().to_vec())) {
        return Some(name);
    }
    let mut form = Url::parse("http://localhost").ok()?;
    form.set_query(Some(text));
    let mut texts = form.query_pairs().flat_map(|(name, value)| [value, name]);
    texts.find_map(|text| from_base64(&text).or_else(|| body(text.into_owned().into_bytes())))
}
