//! All operations of a store.

use std::time::{Duration, SystemTime};

use super::{COMMON, ERROR, RARE, Run, TestFile};
use crate::inbox::{
    AttemptOutcome, AttemptReport, AuditRecord, Decision, EventInfo, EventKey, EventState, Figures, Filter,
    Lane, LeaseRequest, NewEvent, Query, QueueGroup, Select, Settlement,
    figures::MINUTE,
    sqlite::{
        audit::PruneAudit,
        batch::{Operation, Rounds, SelectedBatches, Sweep},
        figures::PruneFigures,
        queue::Queue,
        replay::{Discard, Replay},
        retention::{DropOrphans, Expedite, Forget, PromoteHeads, Prune},
        thread::{BatchStep, Caller},
    },
};

const CALLER: Caller<'static> = Caller { has_given_up: &|| false };

fn list(query: Query) -> Run {
    list_of(move |_| query.clone())
}

/// Lists events in both directions.
fn list_of(query: impl Fn(&TestFile) -> Query + 'static) -> Run {
    Box::new(move |file| {
        let query = query(file);
        for query in [query.clone(), query.newest_first()] {
            let page = file.reader().list(&query, SystemTime::now(), CALLER).unwrap();
            assert!(page.items.len() >= 5, "{query:?}");
        }
    })
}

fn count(filter: Filter) -> Run {
    Box::new(move |file| {
        let count = file.reader().count(&filter, SystemTime::now(), CALLER).unwrap();
        assert!(count.number() >= 5, "{filter:?}");
    })
}

/// Lists the events of 100 minutes, from one hour after the first event of a state on. `before` is
/// the number of states that come before it.
fn list_of_minutes(filter: Filter, before: usize) -> Run {
    list_of(move |file| {
        let from = file.arrival(before) + Duration::from_secs(60 * 60);
        let until = from + Duration::from_secs(60 * 100);
        Query::new(filter.clone().received_from(from).received_before(until)).limit(1000)
    })
}

fn operation<O: Operation>(new: impl Fn() -> O + 'static) -> Run {
    Box::new(move |file: &TestFile| {
        let (mut queue, mut batches) = (file.queue(), SelectedBatches::new(new(), 100));
        while matches!(batches.run(&mut queue, SystemTime::now()).unwrap(), BatchStep::Continue) {}
    })
}

fn sweep<S: Sweep>(new: impl Fn() -> S + 'static) -> Run {
    Box::new(move |file: &TestFile| {
        let (mut queue, mut rounds) = (file.queue(), Rounds::new(new(), 100));
        while matches!(rounds.run(&mut queue, SystemTime::now()).unwrap(), BatchStep::Continue) {}
    })
}

fn event(number: usize) -> NewEvent {
    let verifier = crate::Verifier::new("f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de").unwrap();
    let data = format!(r#"{{"number":{number}}}"#);
    let body = format!(r#"{{"id_event":"{number}","type":"{COMMON}","data":{data}}}"#);
    NewEvent::new(verifier.verify(body.as_bytes(), verifier.sign(&data)).unwrap())
}

/// Returns all operations of a store, by name.
pub(super) fn operations() -> Vec<(String, Run)> {
    [of_lists(), of_lanes(), of_events(), of_many_events(), of_figures()].into_iter().flatten().collect()
}

fn dead() -> Filter {
    Filter::new().state(EventState::Dead)
}

fn of_error() -> Filter {
    Filter::new().error_group(ERROR)
}

fn of_lists() -> Vec<(String, Run)> {
    let mut all: Vec<(String, Run)> = Vec::new();
    for state in EventState::ALL.iter().copied().map(Some).chain([None]) {
        let filter = Filter { state, ..Filter::new() };
        for filter in [filter.clone(), filter.clone().event_type(COMMON), filter.event_type(RARE)] {
            all.push((format!("list of {filter:?}"), list(Query::new(filter.clone()))));
            // A count of the common type reads the same rows as a long list, which takes seconds.
            if filter.event_type.as_deref() != Some(COMMON) {
                all.push((format!("count of {filter:?}"), count(filter)));
            }
        }
    }
    for filter in [of_error(), of_error().event_type(RARE)] {
        all.push((format!("list of {filter:?}"), list(Query::new(filter.clone()))));
        all.push((format!("count of {filter:?}"), count(filter)));
    }
    for (state, before) in
        [(None, 3), (Some(EventState::Delayed), 0), (Some(EventState::Dead), 4), (Some(EventState::Done), 5)]
    {
        let filter = Filter { state, ..Filter::new() };
        for filter in [filter.clone(), filter.event_type(COMMON)] {
            all.push((format!("list of minutes of {filter:?}"), list_of_minutes(filter, before)));
        }
    }
    all.push(("list of minutes of an error".into(), list_of_minutes(of_error(), 4)));
    let second_page = |file: &TestFile| {
        let middle = file.events * 4 + file.events / 2;
        Query::new(dead()).after(EventKey::new(middle.try_into().unwrap()))
    };
    all.push(("second page of dead".into(), list_of(second_page)));
    all
}

/// Returns the operations that look into each range of the index of ids.
pub(super) fn of_ids() -> [(&'static str, Run); 2] {
    let filter = Filter::new().id("7");
    [("list of an id", list(Query::new(filter.clone()))), ("count of an id", count(filter))]
}

fn of_events() -> Vec<(String, Run)> {
    let mut all: Vec<(String, Run)> = Vec::new();
    all.push((
        "groups of errors".into(),
        Box::new(|file| assert_eq!(file.reader().error_groups(10, CALLER).unwrap().len(), 2)),
    ));
    all.push((
        "attempts".into(),
        Box::new(|file| assert_eq!(file.reader().attempts(EventKey::new(7)).unwrap().len(), 1)),
    ));
    all.push((
        "missing fingerprints".into(),
        Box::new(|file| {
            let mut queue = file.queue();
            while queue.fill_fingerprints() {}
        }),
    ));
    all.push((
        "depth".into(),
        Box::new(|file| {
            let depth = file.reader().depth(SystemTime::now()).unwrap();
            assert!(!depth.ready.is_exact() && !depth.delayed.is_exact() && !depth.dead.is_exact());
        }),
    ));
    all.push((
        "get".into(),
        Box::new(|file| {
            assert!(file.reader().get(EventKey::new(7), SystemTime::now()).unwrap().is_some());
        }),
    ));
    all.push((
        "put".into(),
        Box::new(|file| {
            let mut queue = file.queue();
            for _ in 0..2 {
                queue.put(&(0..20).map(event).collect::<Vec<_>>(), SystemTime::now()).unwrap();
            }
            queue.put(&[], SystemTime::now()).unwrap();
        }),
    ));
    all.push((
        "lease and settle".into(),
        Box::new(|file| {
            let mut queue = file.queue();
            let leased =
                queue.lease(&LeaseRequest::new(64, Duration::from_secs(60)), SystemTime::now()).unwrap();
            assert_eq!(leased.len(), 64);
            assert!(queue.next_due(SystemTime::now()).unwrap().is_some());
            assert!(leased.iter().any(|leased| leased.is_interrupted));
            let decisions = [
                Decision::Complete,
                Decision::RetryAfter(Duration::from_secs(60)),
                Decision::Bury("no".into()),
                Decision::Extend(Duration::from_secs(60)),
                Decision::Release,
            ];
            let settlements: Vec<_> = leased
                .iter()
                .zip(decisions.into_iter().cycle())
                .map(|(leased, decision)| {
                    let report = AttemptReport::new(AttemptOutcome::Failed, "worker".into()).error("no");
                    Settlement::new(leased.token, decision).attempt(report).announce()
                })
                .collect();
            queue.settle(&settlements, SystemTime::now()).unwrap();
            let (hour, now) = (Duration::from_secs(60 * 60), SystemTime::now());
            let claims = queue.claim_dead(8, hour, now).unwrap();
            assert_eq!(claims.len(), 8);
            assert_eq!(queue.announced(&claims).unwrap(), 8);
        }),
    ));
    all.push((
        "lease of a queue beside a long one".into(),
        Box::new(|file| {
            let mut queue = file.queue();
            let events = (1000..1003).map(|number| event(number).in_queue("rare"));
            queue.put(&events.collect::<Vec<_>>(), SystemTime::now()).unwrap();
            // Returns the number of events of the queue.
            let lease = |queue: &mut Queue| {
                let groups = vec![QueueGroup::new(["rare".into()], 5), QueueGroup::others(2).running(1)];
                let request = LeaseRequest::new(2, Duration::from_secs(60)).groups(groups);
                let leased = queue.lease(&request, SystemTime::now()).unwrap();
                leased.iter().filter(|leased| leased.queue == "rare").count()
            };
            assert_eq!(lease(&mut queue), 1);
            queue.set_paused("rare", true).unwrap();
            assert_eq!(lease(&mut queue), 0);
            queue.set_paused("rare", false).unwrap();
            assert_eq!(lease(&mut queue), 1);
        }),
    ));
    all
}

fn of_lanes() -> Vec<(String, Run)> {
    let large = Lane::from_bytes([7; 16]);
    let of_lane = move || Filter::new().lane(large);
    vec![
        ("list of a lane".into(), list(Query::new(of_lane()))),
        (
            "list of the events that wait in a lane".into(),
            list(Query::new(of_lane().state(EventState::Waiting))),
        ),
        (
            "head of a lane".into(),
            Box::new(move |file| {
                let query = Query::new(of_lane().state(EventState::Ready));
                let page = file.reader().list(&query, SystemTime::now(), CALLER).unwrap();
                assert!(page.items.len() == 1 && page.items.iter().all(EventInfo::is_head));
            }),
        ),
        (
            "put, lease, settle, replay and discard in a lane".into(),
            Box::new(move |file| {
                let (mut queue, now) = (file.queue(), SystemTime::now());
                let put = queue.put(&[event(2000).in_lane(large)], now).unwrap();
                let lease = LeaseRequest::new(64, Duration::from_secs(60));
                let leased = queue.lease(&lease, now).unwrap();
                let head = leased.iter().find(|leased| leased.lane == Some(large)).unwrap().token;
                queue.settle(&[Settlement::new(head, Decision::Complete)], now).unwrap();
                let mut batches = SelectedBatches::new(Replay(Select::Keys(vec![head.key()])), 1);
                while matches!(batches.run(&mut queue, now).unwrap(), BatchStep::Continue) {}
                let mut batches = SelectedBatches::new(Discard::new(Select::Keys(vec![put[0].key()])), 1);
                while matches!(batches.run(&mut queue, now).unwrap(), BatchStep::Continue) {}
            }),
        ),
        ("lanes without a head".into(), sweep(|| PromoteHeads)),
    ]
}

fn of_many_events() -> Vec<(String, Run)> {
    let now = SystemTime::now;
    let of_type = || Select::All(Filter::new().event_type(RARE));
    vec![
        ("replay".into(), operation(|| Replay(Select::All(dead())))),
        ("replay of rare type".into(), operation(move || Replay(of_type()))),
        ("replay of an error".into(), operation(|| Replay(Select::All(of_error())))),
        ("discard".into(), operation(|| Discard::new(Select::All(Filter::new())))),
        ("discard of rare type".into(), operation(move || Discard::new(of_type()))),
        ("prune".into(), sweep(move || Prune { done_before: now() })),
        ("forget".into(), sweep(move || Forget { done_before: now() })),
        ("orphans".into(), sweep(|| DropOrphans)),
        ("expedite".into(), sweep(|| Expedite { longest_delay: Duration::from_secs(100) })),
    ]
}

fn of_figures() -> Vec<(String, Run)> {
    let minutes = |minutes: i64| Duration::from_micros((minutes * MINUTE).unsigned_abs());
    vec![
        (
            "add figures".into(),
            Box::new(|file| {
                let figures = [COMMON, RARE].map(|of| (of.to_owned(), Figures::default()));
                for _ in 0..2 {
                    file.queue().add_figures(&figures, SystemTime::now()).unwrap();
                }
            }),
        ),
        (
            "statistics".into(),
            Box::new(move |file| {
                let from = file.arrival(3);
                let range = from..from + minutes(1500);
                let steps = file.reader().statistics(&range, minutes(7), CALLER).unwrap();
                assert!(steps.len() >= 213);
                assert_eq!(steps[1].figures, Figures { arrived: 7, ..Figures::default() });
            }),
        ),
        (
            "prune figures".into(),
            Box::new(move |file| {
                let (mut queue, year) = (file.queue(), minutes(365 * 24 * 60));
                let mut prune = PruneFigures::new(year, year, 100, SystemTime::now());
                let pruned = loop {
                    if let BatchStep::Done(pruned) = prune.run(&mut queue).unwrap() {
                        break pruned;
                    }
                };
                assert_eq!(pruned, 100);
            }),
        ),
        (
            "prune the audit".into(),
            Box::new(|file| {
                let mut queue = file.queue();
                let later = SystemTime::now() + Duration::from_secs(60);
                let mut prune = PruneAudit::new(Duration::ZERO, 100, later);
                assert!(matches!(prune.run(&mut queue).unwrap(), BatchStep::Done(100)));
            }),
        ),
        (
            "add to the audit".into(),
            Box::new(|file| {
                let record = AuditRecord::new(None, "replay", "all", 1);
                file.queue().add_audit(&record, SystemTime::now()).unwrap();
            }),
        ),
        (
            "read the audit".into(),
            Box::new(|file| assert_eq!(file.reader().audit(Some(1000), 100).unwrap().len(), 100)),
        ),
    ]
}
