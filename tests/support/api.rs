//! Panora's API, as it is documented and as it behaves.

// Each test program uses a part of this module.
#![allow(dead_code, unreachable_pub)]

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use axum::{
    Router,
    body::{self, Body},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime, sync::oneshot};

pub const KEY: &str = "sk_prod_7b3ed7f6-0f0c-4a2e-9c3b-1a2f4b5c6d7e";
pub const PROJECT: &str = "1e6e0a1c-9a32-4c5f-8f52-5a3f2f1f7a10";

/// The API on a real socket, which stops on drop.
pub struct Api {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Default)]
pub struct State {
    /// The endpoints in the order of the database: a changed row moves to the end.
    pub endpoints: Vec<Value>,
    /// The endpoints for which deliveries are recorded.
    pub used: Vec<String>,
    /// The list of events, in any order.
    pub events: Vec<Value>,
    /// The most rows of a page. The API itself has no limit.
    pub max_limit: Option<usize>,
    /// The rows that are added to the list before each further page is read.
    pub arrivals: VecDeque<Vec<Value>>,
    /// Method and path of each call, followed by the body if there is one.
    pub calls: Vec<String>,
    /// Whether the API is the one before August 2024.
    pub is_older: bool,
    /// Whether changes are answered without a body, as documented.
    pub is_silent: bool,
    /// Whether changes are answered with success but not made.
    pub is_deaf: bool,
    /// A fixed answer: status, `Location` and body.
    pub answer: Option<(u16, &'static str, String)>,
    /// The number of changes after which answers are lost, although the changes are made.
    pub answers_left: Option<usize>,
    /// The faults of the next requests. Later ones have none.
    pub faults: VecDeque<Fault>,
    /// The endpoints after each change.
    pub history: Vec<Vec<Value>>,
    /// Fields of a created endpoint that replace the requested ones.
    pub stored_instead: Vec<(&'static str, Value)>,
    /// The same, but the answer contains the requested fields.
    pub stored_silently: Vec<(&'static str, Value)>,
    /// The endpoints that cannot be changed.
    pub stuck: Vec<String>,
    created: usize,
}

/// The fault of a request.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The request is answered.
    None,
    /// The request does not arrive.
    Lost,
    /// The request is carried out, but the answer does not arrive.
    AnswerLost,
    /// The client has sent too many requests.
    TooMany,
}

impl Api {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let (stop, stopped) = oneshot::channel();
        let (told, address) = std::sync::mpsc::channel();
        let shared = Arc::clone(&state);
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                let router =
                    Router::new().fallback(move |request: Request| answer(Arc::clone(&shared), request));
                let serve = axum::serve(listener, router).into_future();
                tokio::select! { _ = serve => {}, _ = stopped => {} }
            });
        });
        Self { address: address.recv().unwrap(), state, stop: Some(stop), thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns URL, scope and state of each endpoint, in the order of creation.
    pub fn summary(&self) -> Vec<String> {
        let mut endpoints = self.state().endpoints.clone();
        endpoints.sort_by_key(|endpoint| endpoint["created_at"].to_string());
        let text = |endpoint: &Value| {
            let scope: Vec<_> =
                endpoint["scope"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            let state = if endpoint["active"] == true { "active" } else { "inactive" };
            format!("{} {} {state}", endpoint["url"].as_str().unwrap(), scope.join(","))
        };
        endpoints.iter().map(text).collect()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl State {
    /// Creates an endpoint as `POST` does, with a predictable id and secret.
    pub fn add(&mut self, url: &str, scope: &[&str]) -> String {
        self.create(&json!({ "url": url, "scope": scope }))["id_webhook_endpoint"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn create(&mut self, request: &Value) -> Value {
        self.created += 1;
        let number = self.created;
        let mut endpoint = json!({
            "id_webhook_endpoint": format!("e0000000-0000-4000-8000-{number:012}"),
            "endpoint_description": request.get("description").cloned().unwrap_or_else(|| "".into()),
            "url": request["url"],
            "secret": secret(number),
            "active": true,
            "created_at": format!("2024-12-{number:02}T10:00:00.000Z"),
            "scope": request["scope"],
            "id_project": PROJECT,
            "last_update": null,
        });
        for (field, value) in &self.stored_instead {
            endpoint[*field] = value.clone();
        }
        let answer = endpoint.clone();
        for (field, value) in &self.stored_silently {
            endpoint[*field] = value.clone();
        }
        self.endpoints.push(endpoint);
        answer
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.endpoints.iter().position(|endpoint| endpoint["id_webhook_endpoint"] == id)
    }
}

/// Returns the secret of the `number`-th created endpoint.
pub fn secret(number: usize) -> String {
    format!("5ec4e700-0000-4000-8000-{number:012}")
}

/// Answers a request, unless a fault hits the request or the answer.
async fn answer(state: Arc<Mutex<State>>, request: Request) -> Response {
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let fault = lock().faults.pop_front().unwrap_or(Fault::None);
    if matches!(fault, Fault::Lost) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    if matches!(fault, Fault::TooMany) {
        return failed(429, "ThrottlerException: Too Many Requests");
    }
    let before = lock().endpoints.clone();
    let answer = carry_out(Arc::clone(&state), request).await;
    let mut state = lock();
    if state.endpoints != before {
        let endpoints = state.endpoints.clone();
        state.history.push(endpoints);
    }
    match fault {
        Fault::AnswerLost => StatusCode::BAD_GATEWAY.into_response(),
        _ => answer,
    }
}

async fn carry_out(state: Arc<Mutex<State>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = body::to_bytes(body, 1 << 20).await.unwrap();
    let path = head.uri.path().to_owned();
    let query = head.uri.query().unwrap_or_default().to_owned();
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let text = String::from_utf8_lossy(&body);
    state.calls.push(format!("{} {path} {text}", head.method).trim_end().to_owned());
    if let Some((status, location, body)) = state.answer.clone() {
        let status = StatusCode::from_u16(status).unwrap();
        let location = (!location.is_empty()).then_some([(header::LOCATION, location)]);
        return (status, location, body).into_response();
    }
    match key(&state, &head.headers) {
        Some(KEY) => {}
        Some(_) => return failed(500, "Not found: no api key"),
        None => return failed(401, "Unauthorized"),
    }
    if path == "/events" {
        return page(&mut state, &query);
    }
    let mut segments = path.trim_start_matches('/').split('/');
    let collection = if state.is_older { "webhook" } else { "webhooks" };
    if segments.next() != Some(collection) {
        return failed(404, "Cannot find it");
    }
    let id = segments.next();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, answer) = match (head.method.as_str(), id) {
        ("GET", None) => return json(200, &Value::Array(state.endpoints.clone())),
        ("POST", None) if request["scope"].is_array() && request["url"].is_string() => {
            (201, state.create(&request))
        }
        ("PUT", Some(id)) => match state.position(id) {
            Some(position)
                if request["active"].is_boolean() && !state.stuck.iter().any(|stuck| stuck == id) =>
            {
                // An update writes a new row, usually after the others.
                let mut endpoint = state.endpoints.remove(position);
                if !state.is_deaf {
                    endpoint["active"] = request["active"].clone();
                }
                state.endpoints.push(endpoint.clone());
                (200, endpoint)
            }
            _ => return failed(500, "Invalid value"),
        },
        ("DELETE", Some(id)) => match state.position(id) {
            Some(position) if !state.used.iter().any(|used| used == id) => {
                (200, state.endpoints.remove(position))
            }
            _ => return failed(500, "Foreign key constraint violated"),
        },
        _ => return failed(500, "Invalid value"),
    };
    if let Some(left) = &mut state.answers_left {
        let Some(less) = left.checked_sub(1) else { return failed(502, "the answer is lost") };
        *left = less;
    }
    if state.is_silent && status == 200 { StatusCode::OK.into_response() } else { json(status, &answer) }
}

/// Answers with a page of the list of events. Rows of one time have a different order in each
/// answer, and rows without a linked user are left out.
fn page(state: &mut State, query: &str) -> Response {
    let parameter = |name: &str, default: usize| {
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.map_or(Some(default), |value| value.parse().ok().filter(|value| *value > 0))
    };
    let (Some(page), Some(limit)) = (parameter("page", 1), parameter("limit", 10)) else {
        return failed(400, "Validation failed");
    };
    let limit = state.max_limit.unwrap_or(limit).min(limit);
    let time = |row: &Value| row["timestamp"].as_str().unwrap().to_owned();
    state.events.reverse();
    state.events.sort_by_key(|row| std::cmp::Reverse(time(row)));
    let listed = state.events.iter().filter(|row| !row["id_linked_user"].is_null());
    let rows: Vec<_> = listed.skip((page - 1) * limit).take(limit).cloned().collect();
    let arrived = state.arrivals.pop_front().unwrap_or_default();
    state.events.extend(arrived);
    json(200, &rows.into())
}

fn key<'h>(state: &State, headers: &'h HeaderMap) -> Option<&'h str> {
    if state.is_older {
        headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
    } else {
        headers.get("x-api-key")?.to_str().ok()
    }
}

fn failed(status: u16, message: &str) -> Response {
    json(
        status,
        &json!({ "statusCode": status, "timestamp": "2024-12-27T10:00:00.000Z", "path": "/", "message": message }),
    )
}

fn json(status: u16, value: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (StatusCode::from_u16(status).unwrap(), headers, Body::from(value.to_string())).into_response()
}
