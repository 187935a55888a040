//! Paths to values inside a payload.

use serde_json::value::RawValue;

use super::json::{Json, Text};

/// A step of a path: `name`, `"a name"`, or `[3]`.
enum PathStep {
    Key(Text),
    Index(usize),
}

/// Sets the value at a path. Missing keys are added; an index may be one past the last.
///
/// # Errors
///
/// Returns an error if the path leads nowhere.
pub fn set(json: &mut Json, path: &str, value: Json) -> Result<(), String> {
    *steps(path)?.into_iter().try_fold(json, |json, step| enter(json, &step, true))? = value;
    Ok(())
}

/// Returns the value at a path, if there is one.
#[must_use]
pub fn get<'j>(json: &'j Json, path: &str) -> Option<&'j Json> {
    steps(path).ok()?.into_iter().try_fold(json, |json, step| match (json, step) {
        (Json::Object(members), PathStep::Key(key)) => {
            members.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
        }
        (Json::List(items), PathStep::Index(index)) => items.get(index),
        _ => None,
    })
}

/// Returns whether a text is a path.
#[must_use]
pub fn is_path(text: &str) -> bool {
    steps(text).is_ok()
}

/// Removes the member or element at a path.
pub(super) fn remove(json: &mut Json, path: &str) -> Result<(), String> {
    let mut steps = steps(path)?;
    let Some(last) = steps.pop() else { return Err("the payload itself cannot be removed".to_owned()) };
    let parent = steps.into_iter().try_fold(json, |json, step| enter(json, &step, false))?;
    match (parent, last) {
        (Json::Object(members), PathStep::Key(key)) => {
            let count = members.len();
            members.retain(|(known, _)| *known != key);
            if members.len() == count { Err(format!("there is no field `{key}`")) } else { Ok(()) }
        }
        (Json::List(items), PathStep::Index(index)) if index < items.len() => {
            items.remove(index);
            Ok(())
        }
        (parent, step) => enter(parent, &step, false).map(drop),
    }
}

fn enter<'j>(json: &'j mut Json, step: &PathStep, adds: bool) -> Result<&'j mut Json, String> {
    // A new value starts as `null` and becomes the container that the next step needs.
    if adds && *json == Json::Null {
        *json = match step {
            PathStep::Key(_) => Json::Object(Vec::new()),
            PathStep::Index(_) => Json::List(Vec::new()),
        };
    }
    match (json, step) {
        (Json::Object(members), PathStep::Key(key)) => {
            let known = members.iter().position(|(known, _)| known == key);
            let index = match known {
                Some(index) => index,
                None if adds => {
                    members.push((key.clone(), Json::Null));
                    members.len() - 1
                }
                None => return Err(format!("there is no field `{key}`")),
            };
            Ok(&mut members[index].1)
        }
        (Json::List(items), PathStep::Index(index)) => {
            if adds && *index == items.len() {
                items.push(Json::Null);
            }
            let length = items.len();
            items.get_mut(*index).ok_or_else(|| format!("there is no element {index}, the list has {length}"))
        }
        (_, PathStep::Key(key)) => Err(format!("the value before `{key}` is not an object")),
        (_, PathStep::Index(index)) => Err(format!("the value before [{index}] is not a list")),
    }
}

/// Parses a path such as `email_addresses[0].email_address`, in the form that
/// [`PayloadError::path`](crate::PayloadError::path) writes. A key in quotes may hold any
/// character.
fn steps(path: &str) -> Result<Vec<PathStep>, String> {
    let malformed = || "expected a path such as `email_addresses[0].email_address`".to_owned();
    let mut steps = Vec::new();
    if path == "." {
        return Ok(steps);
    }
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(index) = rest.strip_prefix('[') {
            let (index, after) = index.split_once(']').ok_or_else(malformed)?;
            steps.push(PathStep::Index(index.parse().map_err(|_| malformed())?));
            rest = after;
        } else {
            let key = match (rest.strip_prefix('.'), steps.is_empty()) {
                (Some(key), false) => key,
                (None, true) => rest,
                _ => return Err(malformed()),
            };
            let end;
            if key.starts_with('"') {
                let mut values = serde_json::Deserializer::from_str(key).into_iter::<&RawValue>();
                let quoted = values.next().and_then(Result::ok).and_then(|quoted| Text::parse(quoted.get()));
                end = values.byte_offset();
                steps.push(PathStep::Key(quoted.ok_or_else(malformed)?));
            } else {
                end = key.find(['.', '[', ']']).unwrap_or(key.len());
                if end == 0 {
                    return Err(malformed());
                }
                steps.push(PathStep::Key(Text::from(key[..end].to_owned())));
            }
            rest = &key[end..];
        }
    }
    if steps.is_empty() { Err(malformed()) } else { Ok(steps) }
}
