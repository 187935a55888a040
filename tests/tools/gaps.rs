//! Gap reports, with a list of events as the API gives it.

/// Shared with the tests of the command-line tool.
#[path = "../support/api.rs"]
mod api;

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use api::{Api, Fault, KEY};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use panora_hooks::{
    Verifier,
    endpoints::{ApiError, Client, EventRow, Gap, GapCount, GapReport, GapSearch, find_gaps},
    inbox::{Inbox, MemoryInbox, NewEvent, SqliteInbox},
};
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The event types of the search: one that has another name on the wire, and a list.
const SCOPE: [&str; 2] = ["crm.company.created", "crm.contact.pulled"];

fn client(api: &Api) -> Client {
    Client::new(KEY).unwrap().base_url(&api.url()).unwrap()
}

/// Returns the beginning of an hour, some days ago.
fn start() -> SystemTime {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    SystemTime::UNIX_EPOCH + Duration::from_secs(now - now % 3600) - 72 * HOUR
}

fn id(number: u64) -> String {
    format!("7197465d-c9d3-4094-a2d2-{number:012}")
}

fn row(number: u64, wire_type: &str, sent: SystemTime) -> Value {
    json!({
        "id_event": id(number),
        "id_connection": null,
        "id_project": api::PROJECT,
        "type": wire_type,
        "status": "success",
        "direction": "0",
        "method": "POST",
        "url": "/crm/companies",
        "provider": "hubspot",
        "timestamp": format!("{:.3}", Timestamp::try_from(sent).unwrap()),
        "id_linked_user": "b008e199-eda9-4629-bd41-a01b6195864a",
    })
}

/// Stores an event as the router does.
async fn receive(inbox: &impl Inbox, rows: &[Value]) {
    let verifier = Verifier::new("secret").unwrap();
    for rows in rows.chunks(500) {
        let events = rows.iter().map(|row| {
            let data = json!({ "id": row["id_event"] });
            let body = json!({ "id_event": row["id_event"], "type": row["type"], "data": data }).to_string();
            NewEvent::new(verifier.verify(body.as_bytes(), verifier.sign(&data.to_string())).unwrap())
        });
        inbox.put(events.collect()).await.unwrap();
    }
}

async fn report(api: &Api, inbox: &impl Inbox, search: &GapSearch) -> GapReport {
    find_gaps(client(api).events(search.period()), inbox, search).await.unwrap()
}

async fn rows(client: &Client, since: SystemTime, until: SystemTime) -> Result<Vec<EventRow>, ApiError> {
    let pages: Vec<_> = client.events(since..until).try_collect().await?;
    Ok(pages.concat())
}

fn ids<'g>(gaps: impl IntoIterator<Item = &'g Gap>) -> Vec<String> {
    gaps.into_iter().map(|gap| gap.row.id.clone()).collect()
}

/// Rows of the period, groups of which have the same time. Three of four stand for no delivery, or
/// for one of another scope.
fn busy(begin: SystemTime, count: u64) -> Vec<Value> {
    let one = |number: u64| {
        let sent = begin + Duration::from_millis(number / 7 * 1013);
        let mut row = match number % 4 {
            0 => row(number, "crm.contact.pull", sent),
            1 => row(number, "crm.contact.created", sent),
            2 if number.is_multiple_of(3) => row(number, "crm.contact.pulled", sent),
            2 => row(number, "crm.hubspot.passthrough", sent),
            _ => row(number, "crm.company.push", sent),
        };
        if number.is_multiple_of(10) {
            row["id_linked_user"] = Value::Null;
        }
        row
    };
    (0..count).map(one).collect()
}

fn is_expected(row: &Value) -> bool {
    ["crm.company.push", "crm.contact.pulled"].contains(&row["type"].as_str().unwrap())
        && !row["id_linked_user"].is_null()
}

async fn exactly_the_withheld_events_are_missing(inbox: impl Inbox) {
    let (api, begin) = (Api::start(), start());
    let sent = busy(begin, 10_000);
    let expected_rows: Vec<_> = sent.iter().filter(|row| is_expected(row)).cloned().collect();
    let is_withheld = |place: usize| place % 79 == 17 && place < 37 * 79;
    let (withheld, received): (Vec<_>, Vec<_>) =
        expected_rows.iter().cloned().enumerate().partition(|(place, _)| is_withheld(*place));
    let received: Vec<_> = received.into_iter().map(|(_, row)| row).collect();
    receive(&inbox, &received).await;
    let end = begin + 2 * HOUR;
    {
        let mut api = api.state();
        api.events = sent;
        // New rows shift the pages, and one request is too many.
        api.arrivals = (0..9).map(|page| busy_arrivals(page, end)).collect();
        api.faults = [Fault::None, Fault::None, Fault::None, Fault::TooMany].into();
    }
    let search = GapSearch::new(begin..end).names(SCOPE);
    let report = report(&api, &inbox, &search).await;
    let expected: Vec<_> =
        withheld.iter().map(|(_, row)| row["id_event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(expected.len(), 37);
    assert_eq!(ids(&report.missing), expected);
    assert_eq!(report.received, received.len() as u64);
    assert_eq!((report.before_inbox.len(), report.before_endpoint.len()), (0, 0));
    let counts = |count: fn(&GapCount) -> u64| report.by_hour.values().map(count).sum::<u64>();
    assert_eq!((counts(|count| count.missing), counts(|count| count.sent)), (37, expected_rows.len() as u64));
    let keys: Vec<_> = report.by_hour.keys().cloned().collect();
    assert_eq!(keys, SCOPE.map(|name| (begin, name.to_owned())));

    let gap = report.missing.iter().find(|gap| gap.event_type == "crm.company.created").unwrap();
    let row = sent_row(&api, &gap.row.id);
    assert_eq!((&*gap.row.wire_type, gap.row.provider.as_deref()), ("crm.company.push", Some("hubspot")));
    assert_eq!(gap.row.linked_user.as_deref(), row["id_linked_user"].as_str());
}

/// Rows that are sent while the list is read, after the end of the period.
fn busy_arrivals(page: u64, end: SystemTime) -> Vec<Value> {
    (0..5).map(|row_of| row(1_000_000 + page * 10 + row_of, "crm.company.push", end + SECOND)).collect()
}

fn sent_row(api: &Api, id: &str) -> Value {
    api.state().events.iter().find(|row| row["id_event"] == id).unwrap().clone()
}

#[tokio::test]
async fn exactly_the_withheld_events_are_missing_in_memory() {
    exactly_the_withheld_events_are_missing(MemoryInbox::new()).await;
}

#[tokio::test]
async fn exactly_the_withheld_events_are_missing_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    exactly_the_withheld_events_are_missing(SqliteInbox::open(folder.path().join("inbox.db")).unwrap()).await;
}

#[tokio::test]
async fn a_row_is_read_once_wherever_pages_end_within_a_time() {
    // Rows of one time lie across the end of the first page, or of the second. The last group is
    // larger than the part of a page that is read again at first.
    for (place, size) in [(990, 20), (1999, 2), (1400, 1300)] {
        let (api, begin) = (Api::start(), start());
        let sent = |number: u64| {
            let number = if (place..place + size).contains(&number) { place } else { number };
            begin + HOUR - Duration::from_secs(number)
        };
        api.state().events = (0..2500).map(|number| row(number, "crm.company.push", sent(number))).collect();
        // The row at the end of the first page is not the first of the next one.
        let read = rows(&client(&api), begin, begin + 2 * HOUR).await.unwrap();
        let all: BTreeSet<_> = read.iter().map(|row| row.id.clone()).collect();
        assert_eq!((read.len(), all.len()), (2500, 2500), "{size} rows at {place}");
    }
}

#[tokio::test]
async fn reading_stops_at_the_start_of_the_period() {
    let (api, begin) = (Api::start(), start());
    api.state().events = (0..5000)
        .map(|number| row(number, "crm.company.push", begin + Duration::from_secs(number)))
        .collect();
    let since = begin + 3500 * SECOND;
    let read = rows(&client(&api), since, begin + 4500 * SECOND).await.unwrap();
    let expected: Vec<_> = (3500..4500).rev().map(id).collect();
    assert_eq!(read.iter().map(|row| row.id.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(api.state().calls, ["GET /events"; 2]);
}

#[tokio::test]
async fn the_clocks_of_sender_and_receiver_may_differ_by_two_minutes() {
    for is_ahead in [true, false] {
        let (api, inbox) = (Api::start(), MemoryInbox::new());
        let sent = |ago: Duration| {
            let now = SystemTime::now() - ago;
            if is_ahead { now + 2 * MINUTE } else { now - 2 * MINUTE }
        };
        let events = [
            // Sent just before the inbox was in use.
            row(1, "crm.company.push", sent(11 * MINUTE)),
            row(2, "crm.company.push", sent(10 * MINUTE)),
            row(3, "crm.company.push", sent(9 * MINUTE)),
            row(4, "crm.company.push", sent(8 * MINUTE)),
            // Still under way.
            row(5, "crm.company.push", sent(Duration::ZERO)),
        ];
        receive(&inbox, &[events[1].clone(), events[3].clone()]).await;
        api.state().events = events.to_vec();
        let period = SystemTime::now() - HOUR..SystemTime::now() - 5 * MINUTE;
        let report = report(&api, &inbox, &GapSearch::new(period).names(SCOPE)).await;
        assert_eq!((ids(&report.missing), ids(&report.before_inbox)), (vec![id(3)], vec![id(1)]));
    }
}

#[tokio::test]
async fn an_inbox_shows_since_when_it_is_in_use() {
    let (api, begin) = (Api::start(), start());
    let events: Vec<_> = (0..4)
        .map(|number| row(number, "crm.company.push", begin + Duration::from_secs(3600 * number)))
        .collect();
    api.state().events = events.clone();
    let search = GapSearch::new(begin..begin + 24 * HOUR).names(SCOPE);

    // The inbox was created today, and holds an event that was sent three days ago.
    let inbox = MemoryInbox::new();
    receive(&inbox, &events[2..3]).await;
    let found = report(&api, &inbox, &search).await;
    assert_eq!((ids(&found.before_inbox), ids(&found.missing)), (vec![id(0), id(1)], vec![id(3)]));
    assert_eq!(found.inbox_since, Some(begin + 2 * HOUR));

    // The inbox is in use, but has received no event of the period. The clock of the sender may be
    // ahead by two minutes.
    let inbox = MemoryInbox::new();
    receive(&inbox, &[row(9, "crm.company.push", SystemTime::now())]).await;
    let now = SystemTime::now();
    let later = [now + 2 * MINUTE, now + 10 * MINUTE];
    api.state().events =
        (0..).zip(later).map(|(number, sent)| row(number, "crm.company.push", sent)).collect();
    let found = report(&api, &inbox, &GapSearch::new(now..now + HOUR).names(SCOPE)).await;
    assert_eq!((ids(&found.before_inbox), ids(&found.missing)), (vec![id(0)], vec![id(1)]));

    // An empty inbox shows nothing.
    api.state().events = events;
    let found = report(&api, &MemoryInbox::new(), &search).await;
    assert_eq!((found.missing.len(), found.inbox_since), (4, None));
}

#[tokio::test]
async fn the_scope_is_that_of_active_endpoints_since_the_first_with_it_was_created() {
    let (api, begin) = (Api::start(), start());
    let old = api.state().add("https://example.com/old", &["crm.contact.pulled"]);
    api.state().add(
        "https://example.com/new",
        &["crm.company.created", "crm.unheard.of", "crm.hubspot.passthrough"],
    );
    for endpoint in &mut api.state().endpoints {
        let is_old = endpoint["id_webhook_endpoint"] == *old;
        endpoint["active"] = (!is_old).into();
        endpoint["created_at"] = Timestamp::try_from(begin + HOUR).unwrap().to_string().into();
    }
    api.state().events = vec![
        row(1, "crm.company.push", begin + HOUR - SECOND),
        row(2, "crm.company.push", begin + HOUR + SECOND),
        row(3, "crm.contact.pulled", begin + HOUR + SECOND),
        // A later release may send a type that the catalogue does not hold.
        row(4, "crm.unheard.of", begin + HOUR + SECOND),
        // No delivery has the name of this event type as its type.
        row(5, "crm.company.created", begin + HOUR + SECOND),
        // A passthrough request is listed, but not delivered.
        row(6, "crm.hubspot.passthrough", begin + HOUR + SECOND),
    ];
    let client = client(&api);
    let found = async || {
        let search = GapSearch::new(begin..begin + 2 * HOUR).endpoints(&client.list().await.unwrap());
        let report = report(&api, &MemoryInbox::new(), &search).await;
        (ids(&report.missing), ids(&report.before_endpoint))
    };
    assert_eq!(found().await, (vec![id(2), id(4)], vec![id(1)]));

    // The endpoint is the successor of one with the same name.
    let replaced = api.state().add("https://example.com/new", &["crm.company.created", "crm.deal.created"]);
    for endpoint in &mut api.state().endpoints {
        if endpoint["id_webhook_endpoint"] == *replaced {
            endpoint["active"] = false.into();
            endpoint["created_at"] = Timestamp::try_from(begin - HOUR).unwrap().to_string().into();
        }
    }
    assert_eq!(found().await, (vec![id(1), id(2), id(4)], vec![]));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_an_error() {
    let (api, begin) = (Api::start(), start());
    let end = begin + 24 * HOUR;
    let unknown = Client::new("sk_prod_unknown").unwrap().base_url(&api.url()).unwrap();
    assert!(matches!(rows(&unknown, begin, end).await, Err(ApiError::UnknownKey)));

    let answer = async |rows: Value| {
        api.state().answer = Some((200, "", rows.to_string()));
        self::rows(&client(&api), begin, end).await
    };
    let good = |number: u64| row(number, "crm.company.push", begin + HOUR - Duration::from_secs(number));
    assert_eq!(answer(json!([good(1), good(2)])).await.unwrap().len(), 2);
    let mut nameless = good(2);
    nameless["id_event"] = Value::Null;
    let mut timeless = good(2);
    timeless["timestamp"] = "yesterday".into();
    for bad in [json!([good(1), nameless]), json!([good(1), timeless]), json!([good(2), good(1)])] {
        assert!(matches!(answer(bad.clone()).await, Err(ApiError::EventList(_))), "{bad}");
    }
    assert!(matches!(answer(json!({})).await, Err(ApiError::Malformed)));
    // The API ignores the number of the page.
    let same: Value = (0..1000).map(good).collect();
    assert!(matches!(answer(same).await, Err(ApiError::EventList("the pages do not reach further back"))));
    api.state().answer = Some((502, "", String::new()));
    let failed = rows(&client(&api), begin, end).await;
    assert!(matches!(failed, Err(ApiError::Status { status: 502 })));
}

#[tokio::test]
async fn a_page_that_is_shorter_than_requested_does_not_end_the_list() {
    let (api, begin) = (Api::start(), start());
    let sent = |number: u64| row(number, "crm.company.push", begin + HOUR - Duration::from_secs(number));
    api.state().events = (0..2500).map(sent).collect();
    api.state().max_limit = Some(100);
    // Also if the first rows are newer than the period.
    for end in [begin + 2 * HOUR, begin + HOUR - Duration::from_secs(500)] {
        let read = rows(&client(&api), begin, end).await;
        assert!(matches!(read, Err(ApiError::EventList("a page is shorter than requested"))), "{read:?}");
    }
    // A proxy removes the query.
    let first: Value = (0..10).map(sent).collect();
    api.state().answer = Some((200, "", first.to_string()));
    let read = rows(&client(&api), begin, begin + 2 * HOUR).await;
    assert!(matches!(read, Err(ApiError::EventList("the API ignores the number and the size of the page"))));
}
