//! Filters and orders of a list in a SQLite file.

use std::time::{Duration, SystemTime};

use panora_hooks::inbox::{
    AttemptOutcome, AttemptReport, Count, Decision, EventInfo, EventKey, EventState, Filter, Fingerprint,
    Inbox, LeaseRequest, MemoryInbox, NewEvent, ParkReason, Query, Select, Settlement, SqliteInbox,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::events::event;

const LEASE: Duration = Duration::from_secs(60);
const ALL: u32 = 1000;
const EVENTS: usize = 120;

/// Returns events of a few types and ids. The long ones agree in more characters than an index
/// holds.
fn events() -> Vec<NewEvent> {
    let long = "x".repeat(100);
    let types =
        ["crm.contact.created", "crm.company.push", &format!("{long}1"), &format!("{long}2"), "\u{0}"];
    let event = |number: usize| {
        let id = match number % 6 {
            0 => "same".to_owned(),
            1 => format!("{long}{}", number % 4),
            _ => number.to_string(),
        };
        let event = event(&id, types[number % types.len()], &format!(r#"{{"number":{number}}}"#));
        if number.is_multiple_of(7) { event.parked(ParkReason::Unhandled) } else { event }
    };
    (0..EVENTS).map(event).collect()
}

/// Stores the events, and brings them into all states.
async fn fill(inbox: &impl Inbox, events: Vec<NewEvent>) {
    inbox.put(events).await.unwrap();
    let leased = inbox.lease(LeaseRequest::new(ALL, LEASE)).await.unwrap();
    let settle = |key: EventKey| {
        let (decision, outcome) = match key.number() % 11 {
            0 | 1 => (Decision::Complete, AttemptOutcome::Handled),
            2 | 3 => (Decision::Bury(format!("note {key} is missing")), AttemptOutcome::Failed),
            4 => (Decision::Bury("a timeout".to_owned()), AttemptOutcome::TimedOut),
            5 | 6 => (Decision::RetryAfter(LEASE), AttemptOutcome::Panicked),
            7 => (Decision::RetryAfter(Duration::ZERO), AttemptOutcome::Failed),
            _ => return None,
        };
        let report = AttemptReport::new(outcome, "worker".into()).duration(LEASE).error(format!("of {key}"));
        Some((decision, report))
    };
    let settlements = leased.iter().filter_map(|leased| {
        let (decision, report) = settle(leased.token.key())?;
        Some(Settlement::new(leased.token, decision).attempt(report))
    });
    inbox.settle(settlements.collect()).await.unwrap();
}

/// Returns the combinations of all conditions.
fn filters(middle: SystemTime) -> Vec<Filter> {
    let states = EventState::ALL.iter().map(|state| Filter::new().state(*state));
    let mut filters: Vec<_> = states.chain([Filter::new()]).collect();
    let mut multiply = |with: &dyn Fn(Filter) -> Vec<Filter>| {
        filters = std::mem::take(&mut filters).into_iter().flat_map(with).collect();
    };
    let long = |last| format!("{}{last}", "x".repeat(100));
    multiply(&|filter: Filter| {
        let types = ["crm.contact.created", "crm.company.created", &long(1), "unknown", "\u{0}"];
        types.map(|of| filter.clone().event_type(of)).into_iter().chain([filter.clone()]).collect()
    });
    multiply(&|filter: Filter| {
        let ids = ["same", &long(3), "4", "unknown"].map(|id| filter.clone().id(id));
        ids.into_iter().chain([filter.clone()]).collect()
    });
    multiply(&|filter: Filter| {
        let groups = ["a timeout", "note 1 is missing", "unknown"].map(Fingerprint::of);
        groups.map(|of| filter.clone().error_group(of)).into_iter().chain([filter.clone()]).collect()
    });
    multiply(&|filter: Filter| {
        vec![filter.clone(), filter.clone().received_from(middle), filter.received_before(middle)]
    });
    filters
}

/// Returns what two stores must agree on: everything but their own times.
fn without_times(info: &EventInfo) -> impl PartialEq + std::fmt::Debug + use<> {
    let EventInfo { key, state, run, attempts, reason, last_error, duration, size, .. } = info.clone();
    (key, state, run, attempts, reason, last_error, duration, size)
}

async fn pages(inbox: &impl Inbox, query: Query) -> Vec<EventInfo> {
    let (mut items, mut query) = (Vec::new(), query);
    loop {
        let page = inbox.list(query.clone()).await.unwrap();
        items.extend(page.items);
        match page.next {
            Some(last) => query = query.after(last),
            None => return items,
        }
    }
}

async fn agree(one: &impl Inbox, other: &impl Inbox, query: Query) {
    let (found, expected) = (pages(one, query.clone()).await, pages(other, query.clone()).await);
    let [found, expected]: [Vec<_>; 2] =
        [found, expected].map(|items| items.iter().map(without_times).collect());
    assert_eq!(found, expected, "{query:?}");
    let count = one.count(query.filter.clone()).await.unwrap();
    assert_eq!(count, Count::exactly(expected.len() as u64), "{query:?}");
}

struct Stores {
    _folder: TempDir,
    file: SqliteInbox,
    memory: MemoryInbox,
    /// A time when some of the events had arrived.
    middle: SystemTime,
}

async fn stores() -> Stores {
    let folder = TempDir::new().unwrap();
    let file = SqliteInbox::open(folder.path().join("inbox.db")).unwrap();
    let memory = MemoryInbox::new();
    let events = events();
    let middle = events[EVENTS / 2].received_at();
    fill(&file, events.clone()).await;
    fill(&memory, events).await;
    Stores { _folder: folder, file, memory, middle }
}

#[tokio::test]
async fn every_filter_and_order_agrees_with_a_store_in_memory() {
    let Stores { file, memory, middle, .. } = &stores().await;
    for filter in filters(*middle) {
        agree(file, memory, Query::new(filter.clone())).await;
        agree(file, memory, Query::new(filter).newest_first().limit(3)).await;
    }
}

#[tokio::test]
async fn operations_on_every_filter_agree_with_a_store_in_memory() {
    let Stores { _folder, file, memory, middle } = &stores().await;
    // Few of the filters select an event that no earlier one did.
    for filter in filters(*middle).into_iter().step_by(13) {
        let which = Select::All(filter);
        let discarded = file.discard(which.clone(), 1).await.unwrap();
        assert_eq!(discarded, memory.discard(which.clone(), 1).await.unwrap(), "{which:?}");
        let replayed = file.replay(which.clone(), 1).await.unwrap();
        assert_eq!(replayed, memory.replay(which.clone(), 1).await.unwrap(), "{which:?}");
        if discarded + replayed > 0 {
            agree(file, memory, Query::default()).await;
        }
    }
}

/// Times are in disorder by up to an hour, and many numbers are missing.
#[tokio::test]
async fn a_range_of_time_is_found_among_events_in_disorder() {
    const MINUTE: i64 = 60_000_000;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let inbox = SqliteInbox::open(&path).unwrap();
    let connection = Connection::open(&path).unwrap();
    let mut received = Vec::new();
    for number in 0..1000 {
        let seq = number * number + 1;
        let at = number * 10 * MINUTE + fastrand::i64(-29 * MINUTE..29 * MINUTE);
        received.push((EventKey::new(seq.unsigned_abs().into()), at));
        connection
            .execute(
                "INSERT INTO event(seq, key, id_event, type, received, data)
                 VALUES (?1, randomblob(48), ?1, 'crm.note.created', ?2, '{}')",
                [seq, at],
            )
            .unwrap();
    }
    connection
        .execute_batch("INSERT INTO done(seq, at, attempts, is_pruned) SELECT seq, 1, 1, 0 FROM event")
        .unwrap();
    let time = |micros: i64| SystemTime::UNIX_EPOCH + Duration::from_micros(micros.unsigned_abs());
    for _ in 0..50 {
        let from = fastrand::i64(0..10_000 * MINUTE);
        let before = from + fastrand::i64(0..500 * MINUTE);
        let expected: Vec<_> =
            received.iter().filter(|(_, at)| (from..before).contains(at)).map(|(key, _)| *key).collect();
        let range = Filter::new().received_from(time(from)).received_before(time(before));
        for filter in
            [range.clone(), range.clone().state(EventState::Done), range.event_type("crm.note.created")]
        {
            let query = Query::new(filter).limit(10);
            let keys = async |query| {
                let items = pages(&inbox, query).await;
                items.iter().map(|info| info.key).collect::<Vec<_>>()
            };
            assert_eq!(keys(query.clone()).await, expected, "{query:?}");
            let mut newest_first = keys(query.newest_first()).await;
            newest_first.reverse();
            assert_eq!(newest_first, expected);
        }
    }
    let far = [time(0), time(i64::MAX)];
    for (from, before) in [(far[0], far[1]), (far[1], far[0])] {
        let count = inbox.count(Filter::new().received_from(from).received_before(before)).await.unwrap();
        let expected = if from < before { received.iter().filter(|(_, at)| *at >= 0).count() } else { 0 };
        assert_eq!(count, expected as u64);
    }
}

/// The index of ids has parts, and a search reads 64 of them at a time.
#[tokio::test]
async fn ids_are_found_in_every_part_of_their_index() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inbox.db");
    let inbox = SqliteInbox::open(&path).unwrap();
    let numbers = [1, 1023, 1024, 65_535, 65_536, 66_559, 131_072, 1_000_000];
    let stored = numbers.iter().map(|number| event(&number.to_string(), "x", &format!("[{number}]")));
    inbox.put(stored.collect()).await.unwrap();
    drop(inbox);
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("UPDATE event SET seq = id_event + 0; DELETE FROM due; DELETE FROM waiting")
        .unwrap();
    drop(connection);
    let inbox = SqliteInbox::attach(&path).unwrap();
    let ids = numbers.iter().map(ToString::to_string).chain(["2".to_owned()]).collect();
    let found = inbox.contains_ids(ids, None).await.unwrap();
    assert_eq!(found, [vec![true; numbers.len()], vec![false]].concat());
}
