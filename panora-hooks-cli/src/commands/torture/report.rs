//! The report of a run, for people and for other programs.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};

use crate::{
    failure::Failure,
    print,
    torture::{Lost, Moment, PerformedKill, Plan, Record, Repeated, Verdict},
};

/// The most lost events that are listed.
const LISTED: usize = 20;

/// The result of a run.
pub(super) struct Report<'r> {
    pub(super) plan: &'r Plan,
    pub(super) record: &'r Record,
    pub(super) verdict: Verdict,
    /// The events that were handled again, if there is a log.
    pub(super) repeated: Option<Repeated>,
    /// The number of events that are still to run, if there is an inbox.
    pub(super) left: Option<u64>,
    pub(super) events: &'r str,
    pub(super) rate: u32,
    pub(super) senders: u8,
    /// The file with the output of the receiver.
    pub(super) output: &'r Path,
    pub(super) took: Duration,
}

impl Report<'_> {
    pub(super) fn print(&self, json: bool) -> Result<(), Failure> {
        if json {
            return print::json(&self.to_json());
        }
        let Record { kills, acknowledged, unanswered, .. } = self.record;
        let all = kills.len();
        let count = |is_in: fn(&PerformedKill) -> bool| kills.iter().filter(|kill| is_in(kill)).count();
        print::line(format_args!(
            "{all} kills in {} (seed {}): {} while a delivery was unanswered, {} within 50 ms of an acknowledgement",
            print::duration(self.took),
            self.plan.seed(),
            count(|kill| kill.unanswered > 0),
            count(PerformedKill::is_after_acknowledgement),
        ))?;
        print::line(format_args!(
            "{acknowledged} deliveries acknowledged, {} refused, {} without an answer",
            self.record.all_refused(),
            unanswered.values().sum::<u64>(),
        ))?;
        if all < self.plan.kills() {
            print::warning(format_args!("{} more kills found no delivery", self.plan.kills() - all));
        }
        for (status, count) in &self.record.refused {
            print::warning(format_args!("{count} deliveries were refused with status {status}"));
        }
        if let Some(left @ 1..) = self.left {
            print::warning(format_args!("{left} events of the inbox had not run at the end"));
        }
        if let Some(Repeated { by_kill, by_delivery, unexplained, .. }) = self.repeated {
            print::line(format_args!(
                "events were handled again {} times: {by_kill} after a kill, {by_delivery} after a second delivery, \
                 {unexplained} for no known reason",
                by_kill + by_delivery + unexplained
            ))?;
        }
        self.print_verdict()
    }

    fn print_verdict(&self) -> Result<(), Failure> {
        let Verdict { lost, not_judged, .. } = &self.verdict;
        let unknown = not_judged.values().sum::<u64>();
        let judged = self.record.acknowledged_events().count() as u64 - unknown;
        if let Some(event_type) = not_judged.keys().next() {
            print::note(format_args!(
                "{unknown} events are not judged: none of their {} types was handled, such as `{event_type}`",
                not_judged.len(),
            ));
        }
        if lost.is_empty() {
            let verdict = format!("none of {judged} acknowledged events is lost");
            return print::line(print::styled(print::GOOD, verdict));
        }
        let verdict = format!("{} of {judged} acknowledged events lost:", lost.len());
        print::line(print::styled(print::BAD, verdict))?;
        let row = |lost: &Lost| {
            let killed = lost.killed_after.map_or("no kill after it".to_owned(), print::duration);
            vec![lost.id.clone(), lost.event_type.clone(), print::time(lost.acknowledged_at), killed]
        };
        print::table(
            &["id_event", "type", "acknowledged", "killed after"],
            lost.iter().take(LISTED).map(row),
        )?;
        if lost.len() > LISTED {
            print::note(format_args!(
                "there are {} more: --report writes them to a file",
                lost.len() - LISTED
            ));
        }
        if lost.len() as u64 == judged {
            print::note("no event was found: check --inbox and --handled-log");
        }
        Ok(())
    }

    pub(super) fn to_json(&self) -> Value {
        let Self { plan, record, .. } = self;
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let kill = |kill: &PerformedKill| {
            json!({
                "delivery": kill.delivery,
                "aim": match kill.planned.moment {
                    Moment::Unanswered => "unanswered",
                    Moment::Acknowledged => "acknowledged",
                },
                "delay_ms": milliseconds(kill.planned.delay),
                "unanswered": kill.unanswered,
                "since_acknowledgement_ms": kill.since_acknowledgement.map(milliseconds),
            })
        };
        let lost = |lost: &Lost| {
            json!({
                "id_event": lost.id,
                "event_type": lost.event_type,
                "acknowledged_at": print::time(lost.acknowledged_at),
                "killed_after_ms": lost.killed_after.map(milliseconds),
            })
        };
        json!({
            "lost": self.verdict.lost.iter().map(lost).collect::<Vec<_>>(),
            "not_judged": self.verdict.not_judged,
            "acknowledged_events": record.acknowledged_events().count(),
            "deliveries": {
                "acknowledged": record.acknowledged,
                "refused": record.refused,
                "unanswered": record.unanswered,
            },
            "handled_again": self.repeated.map(|repeated| json!({
                "after_a_kill": repeated.by_kill,
                "after_a_second_delivery": repeated.by_delivery,
                "unexplained": repeated.unexplained,
            })),
            "still_to_run": self.left,
            "kills": record.kills.iter().map(kill).collect::<Vec<_>>(),
            "seed": plan.seed(),
            "options": {
                "kills": plan.kills(),
                "rate": self.rate,
                "senders": self.senders,
                "events": self.events,
            },
            "output": self.output.display().to_string(),
            "seconds": self.took.as_secs_f64(),
        })
    }
}
