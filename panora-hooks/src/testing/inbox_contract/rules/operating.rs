//! Groups of errors, figures, and the audit.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use crate::{
    inbox::{
        AuditRecord, Capability, Count, Decision, Figures, Filter, Fingerprint, Inbox, Select, StatisticsStep,
    },
    testing::inbox_contract::{
        Harness,
        check::{Checked, holds, same, succeeds},
        events::event,
        subject::{ALL, HOUR, MINUTE, SECOND, Subject, YEAR},
    },
};

pub(crate) async fn dead_events_are_grouped_by_their_error<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::ErrorGroups)?;
    let mut missing = Vec::new();
    for number in 0..3 {
        let reason = format!("customer {number} is missing");
        missing.push(store.settled(&format!("number {number}"), Decision::Bury(reason)).await?);
    }
    let locked = store.settled("locked", Decision::Bury("customer 7 is locked".to_owned())).await?;
    store.settled("delayed", Decision::RetryAfter(HOUR)).await?;
    store.store(event("company", "crm.company.push", r#"{"a":1}"#)).await?;
    let leased = store.lease_one("one event is ready").await?;
    store.apply(leased.token, Decision::Bury("customer 9 is missing".to_owned())).await?;

    let when = "three events died of one error, one of another, and one of the first with another type";
    let mut groups = succeeds("error_groups", store.inbox.error_groups(10).await)?;
    same(when, Some(3), groups.first().map(|group| group.count.number()))?;
    groups.sort_by(|one, other| (&one.wire_type, &one.example).cmp(&(&other.wire_type, &other.example)));
    let found: Vec<_> =
        groups.iter().map(|group| (&*group.wire_type, &*group.example, group.count)).collect();
    let expected = vec![
        ("crm.company.push", "customer 9 is missing", Count::exactly(1)),
        ("crm.contact.created", "customer 2 is missing", Count::exactly(3)),
        ("crm.contact.created", "customer 7 is locked", Count::exactly(1)),
    ];
    same(when, expected, found)?;
    let in_order = groups.iter().all(|group| group.oldest <= group.newest);
    holds(when, in_order, "the oldest event of a group arrived before the newest", &groups)?;
    let largest = succeeds("error_groups", store.inbox.error_groups(1).await)?;
    same("one group is asked for", 1, largest.len())?;

    let group = Filter::new().error_group(Fingerprint::of("customer 0 is missing"));
    let of_type = group.clone().event_type("crm.contact.created");
    same("dead events of one error and type are listed", &missing, &store.keys(of_type.clone()).await?)?;
    same("dead events of one error are listed", 4, store.keys(group.clone()).await?.len())?;
    same("they are counted", Count::exactly(4), succeeds("count", store.inbox.count(group).await)?)?;
    let other = Filter::new().error_group(Fingerprint::of("customer is locked"));
    same("dead events of an error without events are listed", 0, store.keys(other).await?.len())?;
    same("a group is replayed", 3, store.replay(Select::All(of_type.clone()), ALL).await?)?;
    same("a group that was replayed is listed", 0, store.keys(of_type).await?.len())?;
    let other = Filter::new().error_group(Fingerprint::of("customer 0 is locked"));
    same("the other group is listed", vec![locked], store.keys(other).await?)
}

fn figures(arrived: u64) -> Figures {
    let mut figures = Figures { arrived, handled: 1, ..Figures::default() };
    figures.latency.record(SECOND);
    figures
}

pub(crate) async fn figures_of_several_processes_add_up<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Statistics)?;
    let all = SystemTime::UNIX_EPOCH..SystemTime::now() + YEAR;
    let statistics = async |step| succeeds("statistics", store.inbox.statistics(all.clone(), step).await);
    same("there are no figures", Vec::new(), statistics(MINUTE).await?)?;
    let other = store.other_handle();
    let contacts = |arrived| ("crm.contact.created".to_owned(), figures(arrived));
    let deals = ("crm.deal.created".to_owned(), figures(7));
    succeeds("add_figures", store.inbox.add_figures(vec![contacts(1), deals]).await)?;
    succeeds("add_figures", other.add_figures(vec![contacts(2)]).await)?;
    succeeds("add_figures", store.inbox.add_figures(Vec::new()).await)?;

    let mut contacts = figures(1);
    contacts.add(&figures(2));
    let minutes = statistics(MINUTE).await?;
    same("figures are read in steps of a minute", contacts, sum(&minutes, "crm.contact.created"))?;
    same("figures are read in steps of a minute", figures(7), sum(&minutes, "crm.deal.created"))?;
    let is_whole = |step: &StatisticsStep| {
        step.start.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since| since.as_secs() % 60 == 0)
    };
    holds("steps are read", minutes.iter().all(is_whole), "each begins with a whole minute", &minutes)?;
    let sorted = minutes.is_sorted_by_key(|step| (step.start, step.event_type.clone()));
    holds("steps are read", sorted, "they are sorted by time and type", &minutes)?;

    let Some(first) = minutes.first().map(|step| step.start) else { return Ok(()) };
    let before = succeeds("statistics", store.inbox.statistics(first - HOUR..first, MINUTE).await)?;
    same("steps before the first are read", Vec::new(), before)?;
    let from = succeeds("statistics", store.inbox.statistics(first..first + HOUR, MINUTE).await)?;
    same("steps from the first on are read", minutes, from)
}

pub(crate) async fn figures_are_read_in_steps_of_any_length<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Statistics)?;
    let all = SystemTime::UNIX_EPOCH..SystemTime::now() + YEAR;
    let statistics = async |step| succeeds("statistics", store.inbox.statistics(all.clone(), step).await);
    let contacts = vec![("crm.contact.created".to_owned(), figures(1))];
    for _ in 0..2 {
        succeeds("add_figures", store.inbox.add_figures(contacts.clone()).await)?;
    }
    let mut total = figures(1);
    total.add(&figures(1));
    // A minute, and with it any longer step, may end between the two calls.
    let minutes: BTreeSet<_> = statistics(MINUTE).await?.iter().map(|step| step.start).collect();
    for length in [7, 10, 30, 60, 120, 24 * 60].map(|minutes| minutes * MINUTE) {
        let when = format!("figures are added twice, and read in steps of {length:?}");
        let steps = statistics(length).await?;
        let start = |minute: &SystemTime| {
            let since = minute.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
            SystemTime::UNIX_EPOCH + Duration::from_secs(since - since % length.as_secs())
        };
        let expected: BTreeSet<_> = minutes.iter().map(start).collect();
        let starts: Vec<_> = steps.iter().map(|step| step.start).collect();
        same(&when, expected.into_iter().collect::<Vec<_>>(), starts)?;
        same(when, total, sum(&steps, "crm.contact.created"))?;
    }
    Ok(())
}

fn sum(steps: &[StatisticsStep], event_type: &str) -> Figures {
    let mut sum = Figures::default();
    for step in steps.iter().filter(|step| step.event_type == event_type) {
        sum.add(&step.figures);
    }
    sum
}

pub(crate) async fn old_figures_are_removed<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Statistics)?;
    let all = SystemTime::UNIX_EPOCH..SystemTime::now() + YEAR;
    let statistics = async |step| succeeds("statistics", store.inbox.statistics(all.clone(), step).await);
    let contacts = vec![("crm.contact.created".to_owned(), figures(1))];
    succeeds("add_figures", store.inbox.add_figures(contacts).await)?;
    let prune = async |minutes, hours, max| {
        succeeds("prune_figures", store.inbox.prune_figures(minutes, hours, max).await)
    };
    same("figures are not old enough", 0, prune(HOUR, YEAR, ALL).await?)?;
    store.advance(3 * HOUR).await?;
    same("figures are removed, but none may be", 0, prune(HOUR, YEAR, 0).await?)?;
    let removed = prune(HOUR, YEAR, ALL).await?;
    holds("minutes are older than an hour", removed > 0, "they are removed", removed)?;
    let left = (statistics(MINUTE).await?.len(), statistics(HOUR).await?.len());
    same("hours are kept for longer than minutes", (0, 1), left)?;
    same("hours are older than an hour", 1, prune(HOUR, HOUR, ALL).await?)?;
    same("nothing is left", 0, statistics(HOUR).await?.len())
}

pub(crate) async fn actions_of_operators_are_recorded<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Audit)?;
    for number in 0..5 {
        let who = (number > 0).then(|| format!("operator {number} \u{0}"));
        let record = AuditRecord::new(who, "replay", format!("event {number}"), number);
        succeeds("add_audit", store.inbox.add_audit(record).await)?;
    }
    let first = succeeds("audit", store.inbox.audit(None, 3).await)?;
    let events: Vec<_> = first.iter().map(|entry| entry.record.events).collect();
    same("the last three of five actions are read", vec![4, 3, 2], events)?;
    let last = first.last().map(|entry| entry.number);
    let rest = succeeds("audit", store.inbox.audit(last, 3).await)?;
    let expected = [
        AuditRecord::new(Some("operator 1 \u{0}".to_owned()), "replay", "event 1", 1),
        AuditRecord::new(None, "replay", "event 0", 0),
    ];
    let records: Vec<_> = rest.into_iter().map(|entry| entry.record).collect();
    same("the actions before them are read", expected.to_vec(), records)
}

pub(crate) async fn old_actions_are_removed<H: Harness>(store: Subject<H>) -> Checked {
    store.needs(Capability::Audit)?;
    let add = async |number| {
        let record = AuditRecord::new(None, "replay", "all", number);
        succeeds("add_audit", store.inbox.add_audit(record).await)
    };
    let prune = async |age, max| succeeds("prune_audit", store.inbox.prune_audit(age, max).await);
    let audit = async || succeeds("audit", store.inbox.audit(None, ALL).await);
    for number in 0..3 {
        add(number).await?;
    }
    for age in [HOUR, Duration::MAX] {
        let when = format!("actions were recorded a moment ago; those older than {age:?} are removed");
        same(when, 0, prune(age, ALL).await?)?;
    }
    store.advance(2 * HOUR).await?;
    add(3).await?;
    same("actions are removed, but none may be", 0, prune(HOUR, 0).await?)?;
    let when = "up to two of three old actions are removed";
    same(when, 2, prune(HOUR, 2).await?)?;
    let left: Vec<_> = audit().await?.iter().map(|entry| entry.record.events).collect();
    same(when, vec![3, 2], left)?;
    let when = "actions that are older than an hour are removed";
    same(when, 1, prune(HOUR, ALL).await?)?;
    let left = audit().await?;
    let events: Vec<_> = left.iter().map(|entry| entry.record.events).collect();
    same(when, vec![3], events)?;

    let last = left.first().map(|entry| entry.number);
    store.advance(SECOND).await?;
    same("all actions are removed", 1, prune(Duration::ZERO, ALL).await?)?;
    same("all actions are removed", 0, audit().await?.len())?;
    add(4).await?;
    let number = audit().await?.first().map(|entry| entry.number);
    let when = "an action is recorded after all others were removed";
    holds(when, number > last, format!("a number above {last:?}"), number)
}
