//! The rules of lanes, checked on what hooks wrote into the ledger.

use std::collections::{HashMap, HashSet};

use anyhow::{bail, ensure};

use super::LaneEvent;

/// The figures of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LaneFigures {
    acknowledged: usize,
    kills: usize,
    attempts: usize,
    failed: usize,
    interrupted: usize,
    /// The attempts whose success was lost with their process, before it was stored.
    repeated: usize,
}

/// Checks the entries of a ledger, which are in the order in which they were made:
///
/// - While an attempt runs, no other attempt of its lane begins. An attempt ends with its process.
/// - An event begins after the event before it in its lane has succeeded, which does not run again.
/// - An event that was acknowledged begins before all events of its lane that were sent later.
/// - Every acknowledged event succeeds.
pub(super) fn check(
    acknowledged: &HashSet<LaneEvent>,
    ledger: &[(usize, String)],
) -> anyhow::Result<LaneFigures> {
    let mut rules = Rules::new(acknowledged);
    for (incarnation, entry) in ledger {
        match entry.split_once(' ') {
            None => {
                ensure!(entry == "killed", "unknown entry `{entry}`");
                rules.killed.insert(*incarnation);
            }
            Some(("begins", id)) => rules.begin(*incarnation, LaneEvent::parse(id))?,
            Some((end, id)) => rules.end(*incarnation, LaneEvent::parse(id), end == "succeeds")?,
        }
    }
    for event in acknowledged {
        ensure!(rules.succeeded.contains(event), "{event} was acknowledged and has not succeeded");
    }
    let (acknowledged, kills) = (acknowledged.len(), rules.killed.len());
    Ok(LaneFigures { acknowledged, kills, ..rules.figures })
}

/// The last attempt in a lane.
#[derive(Clone, Copy)]
struct LastAttempt {
    event: LaneEvent,
    incarnation: usize,
    state: AttemptState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum AttemptState {
    Running,
    Failed,
    Succeeded,
}

struct Rules<'a> {
    acknowledged: &'a HashSet<LaneEvent>,
    /// The incarnations that were killed so far.
    killed: HashSet<usize>,
    last_attempts: HashMap<usize, LastAttempt>,
    /// The highest number that has begun in each lane.
    highest: HashMap<usize, usize>,
    succeeded: HashSet<LaneEvent>,
    figures: LaneFigures,
}

impl<'a> Rules<'a> {
    fn new(acknowledged: &'a HashSet<LaneEvent>) -> Self {
        Self {
            acknowledged,
            killed: HashSet::new(),
            last_attempts: HashMap::new(),
            highest: HashMap::new(),
            succeeded: HashSet::new(),
            figures: LaneFigures::default(),
        }
    }

    fn begin(&mut self, incarnation: usize, event: LaneEvent) -> anyhow::Result<()> {
        let this = LastAttempt { event, incarnation, state: AttemptState::Running };
        let last = self.last_attempts.insert(event.lane, this);
        if let Some(last) = last {
            let is_killed = self.killed.contains(&last.incarnation);
            if last.state == AttemptState::Running {
                ensure!(is_killed, "{event} begins while {} runs", last.event);
                self.figures.interrupted += 1;
            }
            if last.event == event && last.state == AttemptState::Succeeded {
                ensure!(is_killed, "{event} has succeeded and runs again");
                self.figures.repeated += 1;
            }
        }
        if last.is_none_or(|last| last.event != event) {
            if let Some(last) = last {
                let has_succeeded = last.state == AttemptState::Succeeded;
                ensure!(has_succeeded, "{event} begins before {} has succeeded", last.event);
            }
            ensure!(!self.succeeded.contains(&event), "{event} runs again after its successor");
            let highest = self.highest.entry(event.lane).or_default();
            // An event without an answer may have been stored after the next one.
            let is_in_order = event.number >= *highest || !self.acknowledged.contains(&event);
            ensure!(is_in_order, "{event} begins after {highest}");
            *highest = event.number.max(*highest);
        }
        self.figures.attempts += 1;
        Ok(())
    }

    fn end(&mut self, incarnation: usize, event: LaneEvent, has_succeeded: bool) -> anyhow::Result<()> {
        let Some(last) = self.last_attempts.get_mut(&event.lane) else { bail!("{event} has not begun") };
        let is_running = last.state == AttemptState::Running;
        let is_same = (last.event, last.incarnation) == (event, incarnation);
        ensure!(is_running && is_same, "{event} ends without running");
        if has_succeeded {
            last.state = AttemptState::Succeeded;
            self.succeeded.insert(event);
        } else {
            last.state = AttemptState::Failed;
            self.figures.failed += 1;
        }
        Ok(())
    }
}

/// Checks entries when the events 0 to 2 of the first lane were acknowledged.
fn check_entries(entries: &[(usize, &str)]) -> Result<LaneFigures, String> {
    let acknowledged = (0..3).map(|number| LaneEvent { lane: 0, number }).collect();
    let ledger: Vec<_> =
        entries.iter().map(|(incarnation, entry)| (*incarnation, (*entry).to_owned())).collect();
    check(&acknowledged, &ledger).map_err(|error| error.to_string())
}

#[test]
fn interrupted_failed_and_repeated_attempts_are_in_order() {
    let figures = check_entries(&[
        (0, "begins 0-0"),
        (1, "begins 1-0"),
        (0, "killed"),
        (2, "begins 0-0"),
        (2, "fails 0-0"),
        (1, "begins 0-0"),
        (1, "succeeds 0-0"),
        (1, "killed"),
        (2, "begins 0-0"),
        (2, "succeeds 0-0"),
        (2, "begins 0-1"),
        (2, "succeeds 0-1"),
        (2, "begins 0-2"),
        (2, "succeeds 0-2"),
        // It was sent before the others, and not acknowledged.
        (2, "begins 1-0"),
        (2, "succeeds 1-0"),
    ]);
    let expected =
        LaneFigures { acknowledged: 3, kills: 2, attempts: 8, failed: 1, interrupted: 2, repeated: 1 };
    assert_eq!(figures, Ok(expected));
}

#[test]
fn every_broken_rule_is_detected() {
    let succeeds = |id: &'static str| [format!("begins {id}"), format!("succeeds {id}")];
    let [first, second, third] = ["0-0", "0-1", "0-2"].map(succeeds);
    let begun = |id: &str| vec![format!("begins {id}")];
    let failed = vec!["begins 0-0".to_owned(), "fails 0-0".to_owned()];
    for (entries, error) in [
        ([begun("0-0"), begun("0-0")].concat(), "0-0 begins while 0-0 runs"),
        ([begun("0-0"), begun("0-1")].concat(), "0-1 begins while 0-0 runs"),
        ([failed, begun("0-1")].concat(), "0-1 begins before 0-0 has succeeded"),
        ([&first[..], &first].concat(), "0-0 has succeeded and runs again"),
        ([&first[..], &second, &first].concat(), "0-0 runs again after its successor"),
        ([&second[..], &first].concat(), "0-0 begins after 1"),
        ([&first[..], &second, &third[..1]].concat(), "0-2 was acknowledged and has not succeeded"),
    ] {
        let entries: Vec<_> = entries.iter().map(|entry| (0, &**entry)).collect();
        assert_eq!(check_entries(&entries), Err(error.to_owned()));
    }
    let interrupted = [(0, "begins 0-0"), (0, "killed"), (1, "begins 0-1")];
    assert_eq!(check_entries(&interrupted), Err("0-1 begins before 0-0 has succeeded".to_owned()));
}
