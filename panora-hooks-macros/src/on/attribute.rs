//! Parses the arguments of `#[on(..)]`.

use std::iter;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Ident, Lit, LitStr, Path, parse::Parser};

use crate::{diagnostics::Diagnostics, similar::closest};

/// The arguments of the attribute. Their texts are not validated yet.
#[derive(Default)]
pub(crate) struct Attribute {
    /// The event types and prefixes, in the order as written.
    pub(crate) patterns: Vec<LitStr>,
    /// Whether `unlisted` is given, which allows types outside the catalogue.
    pub(crate) unlisted: Option<Ident>,
    /// The path of the runtime crate, if it is not `::panora_hooks`.
    pub(crate) krate: Option<Path>,
    /// The value of `timeout`.
    pub(crate) timeout: Option<TokenStream>,
    /// The value of `attempts`.
    pub(crate) attempts: Option<TokenStream>,
    /// The value of `concurrency`.
    pub(crate) concurrency: Option<TokenStream>,
    /// Whether `serial` is given.
    pub(crate) serial: Option<Ident>,
    /// The value of `serial_by`.
    pub(crate) serial_by: Option<TokenStream>,
}

/// The options that say how a hook runs.
const HOOK_OPTIONS: [&str; 5] = ["timeout", "attempts", "concurrency", "serial", "serial_by"];

/// The other options.
const OTHER_OPTIONS: [&str; 2] = ["unlisted", "crate"];

/// Names that an option has elsewhere: in the builder, or in other crates.
const SYNONYMS: &[(&str, &str)] = &[
    ("hook_timeout", "timeout"),
    ("max_attempts", "attempts"),
    ("retries", "attempts"),
    ("fifo", "serial"),
    ("ordered", "serial"),
    ("sequential", "serial"),
    ("serialised", "serial"),
    ("serialize", "serial"),
    ("serialized", "serial"),
    ("concurrency_key", "serial_by"),
    ("group_by", "serial_by"),
    ("key", "serial_by"),
    ("lane", "serial_by"),
    ("message_group_id", "serial_by"),
    ("order_by", "serial_by"),
    ("ordering_key", "serial_by"),
    ("partition_by", "serial_by"),
    ("partition_key", "serial_by"),
    ("sequential_by", "serial_by"),
    ("serialize_by", "serial_by"),
    ("serialized_by", "serial_by"),
];

/// Parses the arguments one by one, so that each invalid one is reported.
pub(crate) fn parse(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Attribute {
    let mut attribute = Attribute::default();
    let mut has_patterns = false;
    for argument in split_at_commas(tokens) {
        match argument {
            Argument::Missing { comma } => diagnostics.error(comma, "expected an event type"),
            Argument::Option(option) => attribute.set(option, diagnostics),
            Argument::Pattern(tokens) => {
                has_patterns = true;
                attribute.patterns.extend(parse_literal(&tokens, diagnostics));
            }
        }
    }
    if !has_patterns && diagnostics.is_empty() {
        let message = r#"expected an event type, as in `#[on("crm.contact.created")]`"#;
        diagnostics.error_at(Span::call_site(), message);
    }
    attribute
}

enum Argument {
    /// An empty argument between two commas.
    Missing {
        comma: TokenTree,
    },
    Pattern(Vec<TokenTree>),
    Option(OptionArgument),
}

/// `key` or `key = value`.
struct OptionArgument {
    key: Ident,
    equals: Option<TokenTree>,
    value: TokenStream,
}

fn split_at_commas(tokens: TokenStream) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let mut current = Vec::new();
    for token in tokens {
        if is_punct(Some(&token), ',') {
            arguments.push(match classify(std::mem::take(&mut current), arguments.is_empty()) {
                Some(argument) => argument,
                None => Argument::Missing { comma: token },
            });
        } else {
            current.push(token);
        }
    }
    arguments.extend(classify(current, arguments.is_empty()));
    arguments
}

/// Distinguishes options from patterns. Returns `None` if there are no tokens.
///
/// A single identifier is an event type without its quotes in the first position, and a misspelled
/// option in later ones.
fn classify(tokens: Vec<TokenTree>, is_first: bool) -> Option<Argument> {
    let key = match tokens.first()? {
        TokenTree::Ident(ident) => ident.clone(),
        _ => return Some(Argument::Pattern(tokens)),
    };
    let name = key.to_string();
    let is_option = match tokens.get(1) {
        None => !is_first || options().any(|option| option == name),
        // `timeout("30s")` is an option without its `=`, but `timeout.created` is an event type.
        next => is_punct(next, '=') || HOOK_OPTIONS.contains(&name.as_str()) && !is_punct(next, '.'),
    };
    if !is_option {
        return Some(Argument::Pattern(tokens));
    }
    let mut rest = tokens.into_iter().skip(1);
    Some(Argument::Option(OptionArgument { key, equals: rest.next(), value: rest.collect() }))
}

/// Returns the names of all options.
fn options() -> impl Iterator<Item = &'static str> {
    HOOK_OPTIONS.into_iter().chain(OTHER_OPTIONS)
}

impl Attribute {
    fn set(&mut self, option: OptionArgument, diagnostics: &mut Diagnostics) {
        let key = option.key.clone();
        let is_repeated = match key.to_string().as_str() {
            "timeout" => option.set_value(&mut self.timeout, r#""30s""#, diagnostics),
            "attempts" => option.set_value(&mut self.attempts, "5", diagnostics),
            "concurrency" => option.set_value(&mut self.concurrency, "8", diagnostics),
            "serial" => option.set_serial(&mut self.serial, diagnostics),
            "serial_by" => option.set_value(&mut self.serial_by, r#""/id""#, diagnostics),
            "unlisted" => {
                if let Some(equals) = option.equals {
                    let value: TokenStream = iter::once(equals).chain(option.value).collect();
                    diagnostics.error(value, "option `unlisted` takes no value");
                }
                self.unlisted.replace(option.key).is_some()
            }
            "crate" => {
                let is_repeated = self.krate.is_some();
                self.krate = parse_crate(&key, option.value, diagnostics);
                is_repeated
            }
            unknown => {
                report_unknown(&key, unknown, diagnostics);
                false
            }
        };
        if is_repeated {
            diagnostics.error(&key, format_args!("option `{key}` is given twice"));
        }
    }
}

impl OptionArgument {
    /// Stores the value, unless an earlier argument has. Returns whether one has.
    fn set_value(
        self,
        place: &mut Option<TokenStream>,
        example: &str,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let Self { key, equals, value } = self;
        if place.is_some() {
            return true;
        }
        if is_punct(equals.as_ref(), '=') && !value.is_empty() {
            *place = Some(value);
        } else {
            let message = format!("option `{key}` takes a value, as in `{key} = {example}`");
            let key = iter::once(TokenTree::from(key));
            diagnostics.error(key.chain(equals).chain(value).collect::<TokenStream>(), message);
        }
        false
    }

    /// Stores the flag `serial`. Returns whether an earlier argument has.
    fn set_serial(self, place: &mut Option<Ident>, diagnostics: &mut Diagnostics) -> bool {
        let Self { key, equals, value } = self;
        if equals.is_some() {
            let help = match syn::parse2::<Lit>(value.clone()) {
                Ok(Lit::Str(pointer)) if pointer.value().starts_with('/') => {
                    format!("write `serial_by = {}`", pointer.token())
                }
                Ok(Lit::Bool(switch)) if !switch.value => "remove it: by default it is off".to_owned(),
                _ => "write `serial`".to_owned(),
            };
            let value = if value.is_empty() { equals.to_token_stream() } else { value };
            diagnostics.error_with_help(value, "option `serial` takes no value", help);
        }
        place.replace(key).is_some()
    }
}

fn report_unknown(key: &Ident, name: &str, diagnostics: &mut Diagnostics) {
    let message = format_args!("unknown option `{name}`");
    let synonym = SYNONYMS.iter().find(|(synonym, _)| *synonym == name).map(|(_, option)| *option);
    if let Some(option) = synonym.or_else(|| closest(name, options())) {
        diagnostics.error_with_help(key, message, format_args!("did you mean `{option}`?"));
    } else {
        let expected = "`timeout`, `attempts`, `concurrency`, `serial`, `serial_by`, `unlisted` or `crate`";
        diagnostics.error(key, format_args!("{message}, expected {expected}"));
    }
}

fn parse_crate(key: &Ident, value: TokenStream, diagnostics: &mut Diagnostics) -> Option<Path> {
    let path = Path::parse_mod_style.parse2(value.clone()).ok();
    let is_absolute = |path: &Path| {
        let root = path.segments.first().map(|segment| segment.ident.to_string());
        path.leading_colon.is_some() || root.is_some_and(|root| root == "crate" || root == "$crate")
    };
    match path {
        Some(path) if is_absolute(&path) => Some(path),
        _ => {
            let tokens = if value.is_empty() { key.to_token_stream() } else { value };
            diagnostics.error(tokens, "expected an absolute path, as in `crate = ::my_facade::panora_hooks`");
            None
        }
    }
}

fn parse_literal(tokens: &[TokenTree], diagnostics: &mut Diagnostics) -> Option<LitStr> {
    let mut rest = tokens.iter();
    // `syn` also reads a literal that `macro_rules!` passes on in a group without delimiters.
    let literal = rest.next().and_then(|first| syn::parse2::<Lit>(first.clone().into()).ok());
    let Some(literal) = literal else {
        let all: TokenStream = tokens.iter().cloned().collect();
        match dotted_name(tokens) {
            Some(name) => diagnostics.error_with_help(
                all,
                "expected a string literal",
                format_args!(r#"write `#[on("{name}")]`"#),
            ),
            None => diagnostics.error(all, "expected a string literal"),
        }
        return None;
    };
    if let Some(next) = rest.next() {
        diagnostics.error(next, "expected `,`");
    }
    let found = match literal {
        Lit::Str(literal) if literal.suffix().is_empty() => return Some(literal),
        Lit::Str(_) => "a string with a suffix",
        Lit::ByteStr(_) => "a byte string",
        Lit::CStr(_) => "a C string",
        Lit::Byte(_) => "a byte",
        Lit::Char(_) => "a char",
        Lit::Int(_) => "an integer",
        Lit::Float(_) => "a float",
        Lit::Bool(_) => "a bool",
        _ => "another literal",
    };
    diagnostics.error(literal, format_args!("expected a string literal, found {found}"));
    None
}

/// Returns the text of `crm.contact.created` or `crm.*` written without quotes.
fn dotted_name(tokens: &[TokenTree]) -> Option<String> {
    let mut name = String::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => name.push_str(&ident.to_string()),
            TokenTree::Punct(punct) if matches!(punct.as_char(), '.' | '*') => name.push(punct.as_char()),
            _ => return None,
        }
    }
    Some(name)
}

fn is_punct(token: Option<&TokenTree>, expected: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == expected)
}
